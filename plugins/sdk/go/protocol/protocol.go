// Code generated of plugins/protocol.schema.json by tools/plugin_types. DO NOT EDIT.

// Package protocol has the types of the messages between Weir and a plugin, as they are sent.
package protocol

// Action is of this: the answer of `requestHead`, `responseHead`, `requestBody` and `responseBody`. An empty one changes nothing; at most one of `respond`, `redirect` and `reset`.
type Action struct {
	// Changes of the head's fields, in their order.
	Fields []FieldChange `json:"fields,omitempty"`
	// Method of the request.
	Method string `json:"method,omitempty"`
	// Path of the request with its query. The route stays as it was.
	Path string `json:"path,omitempty"`
	// Authority of the request; only where it is granted.
	Authority string `json:"authority,omitempty"`
	// Scheme of the request.
	Scheme string `json:"scheme,omitempty"`
	// Status of the reply.
	Status int64 `json:"status,omitempty"`
	// A body in place of the old one, as text; only where it is valid UTF-8.
	Text *string `json:"text,omitempty"`
	// A body in place of the old one, in base64 with padding (RFC 4648 section 4).
	Base64 *string `json:"base64,omitempty"`
	// Replaces what these namespaces held.
	Metadata Metadata `json:"metadata,omitempty"`
	// Milliseconds that the request may take, where that is shorter.
	TimeoutMs int64 `json:"timeoutMs,omitempty"`
	// Goes to this cluster; one that is granted.
	Cluster string `json:"cluster,omitempty"`
	// Goes to this host of the cluster, where it can be picked.
	Host string `json:"host,omitempty"`
	// The answer; nothing goes to the upstream.
	Respond *Respond `json:"respond,omitempty"`
	// The answer is a redirect.
	Redirect *Redirect `json:"redirect,omitempty"`
	// The client's stream, or its connection with HTTP/1, is reset.
	Reset bool `json:"reset,omitempty"`
	// The body phase of this direction is left out for this exchange.
	Body string `json:"body,omitempty"`
	// The host may give the same answer again; only of `requestHead`.
	Cache *CacheHint `json:"cache,omitempty"`
}

// Attributes is of this: facts by name, of those that the phase asked for. One that is not known is absent.
type Attributes = map[string]any

// BodyParams is of this: `requestBody` and `responseBody`: a whole body, where the mode is buffered.
type BodyParams struct {
	// The exchange, on this connection to this process.
	X int64 `json:"x"`
	// Number of the settings of the use, as `configure` told them; 0: those of `initialize`.
	Config int64 `json:"config"`
	// Milliseconds that the host waits for the answer.
	DeadlineMs int64 `json:"deadlineMs"`
	// The body, as text; only where it is valid UTF-8.
	Text *string `json:"text,omitempty"`
	// The body, in base64 with padding (RFC 4648 section 4).
	Base64 *string `json:"base64,omitempty"`
	// Trailers; absent: none.
	Trailers []Field `json:"trailers,omitempty"`
}

// BodyPhase is of this: what a phase needs of a body.
type BodyPhase struct {
	// How the body comes; absent: buffered.
	Mode string `json:"mode,omitempty"`
	// Longest buffered body in bytes; absent: `limits.bodyBytes`.
	LimitBytes *int64 `json:"limitBytes,omitempty"`
}

// CacheHint is of this: the same answer holds for every request of the same config whose named parts are the same.
type CacheHint struct {
	// Parts: method, scheme, authority, path, field:NAME, attribute:NAME.
	Key []string `json:"key"`
	// Milliseconds that it holds for.
	TTLMs int64 `json:"ttlMs"`
}

// CancelParams is of this: `cancel`: nobody waits for the answer any more.
type CancelParams struct {
	// Number of the request.
	ID int64 `json:"id"`
}

// ChoosePhase is of this: what the choice of a host needs.
type ChoosePhase struct {
	// Facts that are sent; absent: none. Unknown names are ignored.
	Attributes []string `json:"attributes,omitempty"`
}

// ChooseUpstreamParams is of this: `chooseUpstream`: a host of the cluster is wanted.
type ChooseUpstreamParams struct {
	// The exchange, on this connection to this process.
	X int64 `json:"x"`
	// Number of the settings of the use, as `configure` told them; 0: those of `initialize`.
	Config int64 `json:"config"`
	// Milliseconds that the host waits for the answer.
	DeadlineMs int64 `json:"deadlineMs"`
	// Name of the cluster.
	Cluster string `json:"cluster"`
	// Hosts that can be picked.
	Hosts []UpstreamHost `json:"hosts"`
	// Which try of the request, from 1; absent: 1.
	Attempt int64 `json:"attempt,omitempty"`
	// Facts that the phase asks for; absent: none.
	Attributes Attributes `json:"attributes,omitempty"`
}

// ChooseUpstreamResult is of this: the answer of `chooseUpstream`.
type ChooseUpstreamResult struct {
	// Address of one of the hosts; absent: by the cluster's own policy.
	Host string `json:"host,omitempty"`
}

// ConfigureParams is of this: `configure`: settings of a use, before a call names them. An error as the answer refuses the use.
type ConfigureParams struct {
	// Number that calls carry.
	Config int64 `json:"config"`
	// `config` of the use, as in Weir's config.
	Value any `json:"value"`
}

// CountParams is of this: `count`: adds to the counter weir_plugin_NAME_total.
type CountParams struct {
	// NAME, as Prometheus has them.
	Name string `json:"name"`
	// How much; absent: 1.
	Add *float64 `json:"add,omitempty"`
	// Labels of the series; absent: none.
	Labels map[string]string `json:"labels,omitempty"`
}

// DataParams is of this: `requestData` and `responseData`: a piece of a body, where the mode is streamed.
type DataParams struct {
	// The exchange, on this connection to this process.
	X int64 `json:"x"`
	// Number of the settings of the use, as `configure` told them; 0: those of `initialize`.
	Config int64 `json:"config"`
	// It is the last piece; absent: false.
	End bool `json:"end,omitempty"`
	// The piece, as text; only where it is valid UTF-8.
	Text *string `json:"text,omitempty"`
	// The piece, in base64 with padding (RFC 4648 section 4).
	Base64 *string `json:"base64,omitempty"`
	// Trailers; absent: none.
	Trailers []Field `json:"trailers,omitempty"`
}

// DoneParams is of this: `done`: the last that is said of an exchange.
type DoneParams struct {
	// The exchange, on this connection to this process.
	X int64 `json:"x"`
}

// Empty is of this: an answer that says no more than that it is done.
type Empty struct{}

// Endpoint is of this: an endpoint of a cluster.
type Endpoint struct {
	// Address with port.
	Address string `json:"address"`
	// Its share against the others; absent: 1.
	Weight int64 `json:"weight,omitempty"`
	// Where it stands.
	Zone string `json:"zone,omitempty"`
	// What the config or its source says of it; absent: nothing.
	Metadata map[string]any `json:"metadata,omitempty"`
	// Those of the lowest number go first; absent: 0.
	Priority *int64 `json:"priority,omitempty"`
}

// EndpointsParams is of this: `endpoints` of the plugin: the whole list of a cluster's endpoints.
type EndpointsParams struct {
	// Number of the watch.
	Watch int64 `json:"watch"`
	// All of them.
	Endpoints []Endpoint `json:"endpoints"`
}

// EndpointsPhase is of this: the plugin is a source of endpoints. No member yet.
type EndpointsPhase struct{}

// ErrorObject is of this: why a request has failed.
type ErrorObject struct {
	// -32601 method, -32602 params, -32603 own fault, -32001 not granted, -32002 too large, -32003 a host call.
	Code int64 `json:"code"`
	// For people.
	Message string `json:"message"`
}

// Field is of this: name, in lower case, and value of a field. The value's characters are its bytes (U+0000 to U+00FF).
type Field = [2]string

// FieldChange is of this: a change of a head's fields. `set` replaces all fields of the name, `add` leaves them, `remove` takes them away.
type FieldChange = []string

// FieldNames is of this: names of fields in lower case, or "*" for all of them.
type FieldNames = any

// HeadPhase is of this: what a phase needs of a head.
type HeadPhase struct {
	// Fields that are sent; absent: none.
	Fields FieldNames `json:"fields,omitempty"`
	// Facts that are sent; absent: none. Unknown names are ignored.
	Attributes []string `json:"attributes,omitempty"`
}

// HostCapabilities is of this: what the host can do. Unknown ones are ignored.
type HostCapabilities struct {
	// It understands binary frames; absent: false.
	Binary bool `json:"binary,omitempty"`
	// Names of the host calls that are granted; absent: none.
	Calls []string `json:"calls,omitempty"`
}

// HostInfo is of this: who started the plugin.
type HostInfo struct {
	// Its name.
	Name string `json:"name"`
	// Its version.
	Version string `json:"version"`
}

// HttpParams is of this: `http`: a request to a cluster. A binary frame of the message is its body.
type HttpParams struct {
	// Name of the cluster.
	Cluster string `json:"cluster"`
	// Method; absent: GET.
	Method string `json:"method,omitempty"`
	// Path with its query.
	Path string `json:"path"`
	// Host; absent: that of the endpoint.
	Authority string `json:"authority,omitempty"`
	// Fields; absent: none.
	Fields []Field `json:"fields,omitempty"`
	// Milliseconds that it may take.
	TimeoutMs int64 `json:"timeoutMs,omitempty"`
	// The body, as text; only where it is valid UTF-8.
	Text *string `json:"text,omitempty"`
	// The body, in base64 with padding (RFC 4648 section 4).
	Base64 *string `json:"base64,omitempty"`
}

// HttpResult is of this: the answer of `http`. A binary frame of the message is its body.
type HttpResult struct {
	// Status.
	Status int64 `json:"status"`
	// Fields; absent: none.
	Fields []Field `json:"fields,omitempty"`
	// The body, as text; only where it is valid UTF-8.
	Text *string `json:"text,omitempty"`
	// The body, in base64 with padding (RFC 4648 section 4).
	Base64 *string `json:"base64,omitempty"`
}

// InitializeParams is of this: `initialize`: the first request of the host.
type InitializeParams struct {
	// Versions of the protocol that the host speaks.
	Protocol ProtocolRange `json:"protocol"`
	// Who started the plugin.
	Host HostInfo `json:"host"`
	// Name of the plugin in the config.
	Plugin string `json:"plugin"`
	// Which of the plugin's processes, from 0; absent: 0.
	Process *int64 `json:"process,omitempty"`
	// What the host can do.
	Capabilities *HostCapabilities `json:"capabilities,omitempty"`
	// Bounds that both sides keep to.
	Limits *Limits `json:"limits,omitempty"`
	// `config` of the plugin, as in Weir's config; null: none.
	Config any `json:"config,omitempty"`
}

// InitializeResult is of this: the plugin's answer to `initialize`.
type InitializeResult struct {
	// Version of the protocol, within the host's range.
	Protocol int64 `json:"protocol"`
	// Name of the plugin itself.
	Name string `json:"name"`
	// Version of the plugin itself.
	Version string `json:"version"`
	// What the plugin can do.
	Capabilities *PluginCapabilities `json:"capabilities,omitempty"`
	// Phases that the plugin wants, each with what it needs.
	Phases Phases `json:"phases"`
	// Requests that it has to do with: one of these alternatives holds; absent or empty: all.
	Match []Match `json:"match,omitempty"`
	// JSON Schema (2020-12) of `config` of each use; absent: any.
	ConfigSchema map[string]any `json:"configSchema,omitempty"`
}

// KvAddParams is of this: `kv.add`: adds to a counter, made at 0 where there is none.
type KvAddParams struct {
	// Key, up to 1 KiB.
	Key string `json:"key"`
	// How much.
	By float64 `json:"by"`
	// Milliseconds that a new one stays; absent: while Weir runs.
	TTLMs int64 `json:"ttlMs,omitempty"`
}

// KvAddResult is of this: the answer of `kv.add`.
type KvAddResult struct {
	// What it is now.
	Value float64 `json:"value"`
}

// KvDeleteParams is of this: `kv.delete`: takes a value away.
type KvDeleteParams struct {
	// Key, up to 1 KiB.
	Key string `json:"key"`
}

// KvDeleteResult is of this: the answer of `kv.delete`.
type KvDeleteResult struct {
	// There was one.
	Deleted bool `json:"deleted"`
}

// KvGetParams is of this: `kv.get`: reads a value.
type KvGetParams struct {
	// Key, up to 1 KiB.
	Key string `json:"key"`
}

// KvGetResult is of this: the answer of `kv.get`.
type KvGetResult struct {
	// Any JSON; null: none.
	Value any `json:"value"`
}

// KvSetParams is of this: `kv.set`: writes a value.
type KvSetParams struct {
	// Key, up to 1 KiB.
	Key string `json:"key"`
	// Any JSON, up to 64 KiB.
	Value any `json:"value"`
	// Milliseconds that it stays; absent: while Weir runs.
	TTLMs int64 `json:"ttlMs,omitempty"`
}

// Limits is of this: bounds that both sides keep to.
type Limits struct {
	// Longest message in bytes, its line end included; absent: 4194304.
	MessageBytes int64 `json:"messageBytes,omitempty"`
	// Longest buffered body in bytes.
	BodyBytes *int64 `json:"bodyBytes,omitempty"`
	// Bytes of a direction that may be unacknowledged; absent: 262144.
	StreamWindow int64 `json:"streamWindow,omitempty"`
	// Calls that are open at once in this process.
	Concurrency int64 `json:"concurrency,omitempty"`
}

// LogLineParams is of this: `log` of the plugin: a line of Weir's log.
type LogLineParams struct {
	// How grave it is.
	Level string `json:"level"`
	// For people.
	Message string `json:"message"`
	// For programs, by name; absent: none.
	Facts map[string]any `json:"facts,omitempty"`
}

// LogParams is of this: `log` of the host: exchanges have ended.
type LogParams struct {
	// Each the attributes that were asked for.
	Records []Attributes `json:"records"`
	// Records that were dropped since the last message; absent: 0.
	Lost *int64 `json:"lost,omitempty"`
}

// LogPhase is of this: what is told of exchanges that have ended.
type LogPhase struct {
	// Facts that are sent; absent: none. Unknown names are ignored.
	Attributes []string `json:"attributes,omitempty"`
	// Milliseconds that records are gathered for; absent: 1000.
	EveryMs int64 `json:"everyMs,omitempty"`
	// Most records of one message; absent: 100.
	Batch int64 `json:"batch,omitempty"`
}

// Match is of this: requests that the plugin has to do with: all members hold.
type Match struct {
	// The method is one of these.
	Methods []string `json:"methods,omitempty"`
	// The path, without its query, is one of these.
	Paths []string `json:"paths,omitempty"`
	// The path begins with one of these, by whole segments.
	Prefixes []string `json:"prefixes,omitempty"`
	// Each of these fields is there, with this value; null: with any.
	Fields map[string]any `json:"fields,omitempty"`
}

// Metadata is of this: what others and the access log may see, by namespace.
type Metadata = map[string]map[string]any

// OutParams is of this: `requestOut` and `responseOut` of the plugin: what goes on in a body's place.
type OutParams struct {
	// The exchange, on this connection to this process.
	X int64 `json:"x"`
	// It is the last piece; absent: false.
	End bool `json:"end,omitempty"`
	// The piece, as text; only where it is valid UTF-8.
	Text *string `json:"text,omitempty"`
	// The piece, in base64 with padding (RFC 4648 section 4).
	Base64 *string `json:"base64,omitempty"`
	// Trailers in place of the host's; only with `end`.
	Trailers []Field `json:"trailers,omitempty"`
	// All that was not acknowledged, and all that comes, goes on unchanged; absent: false.
	Pass bool `json:"pass,omitempty"`
	// Why the plugin gives the body up, in place of `end`; absent: it does not.
	Error *string `json:"error,omitempty"`
}

// Phases is of this: phases that the plugin wants, each with what it needs.
type Phases struct {
	// A request's head has come.
	RequestHead *HeadPhase `json:"requestHead,omitempty"`
	// The body of a request.
	RequestBody *BodyPhase `json:"requestBody,omitempty"`
	// A reply's head has come, an upstream's or Weir's own.
	ResponseHead *HeadPhase `json:"responseHead,omitempty"`
	// The body of a reply.
	ResponseBody *BodyPhase `json:"responseBody,omitempty"`
	// A host of the cluster is wanted.
	ChooseUpstream *ChoosePhase `json:"chooseUpstream,omitempty"`
	// Exchanges have ended.
	Log *LogPhase `json:"log,omitempty"`
	// Time goes by.
	Tick *TickPhase `json:"tick,omitempty"`
	// The plugin tells the endpoints of clusters.
	Endpoints *EndpointsPhase `json:"endpoints,omitempty"`
}

// PluginCapabilities is of this: what the plugin can do. Unknown ones are ignored.
type PluginCapabilities struct {
	// It understands binary frames; absent: false.
	Binary bool `json:"binary,omitempty"`
	// It takes bodies as `text` where they are valid UTF-8; absent: false.
	Text bool `json:"text,omitempty"`
}

// PluginDescription is of this: the line that `--describe` prints: the answer of `initialize` without `protocol`.
type PluginDescription struct {
	// Name of the plugin itself.
	Name string `json:"name"`
	// Version of the plugin itself.
	Version string `json:"version"`
	// What the plugin can do.
	Capabilities *PluginCapabilities `json:"capabilities,omitempty"`
	// Phases that the plugin wants, each with what it needs.
	Phases Phases `json:"phases"`
	// Requests that it has to do with: one of these alternatives holds; absent or empty: all.
	Match []Match `json:"match,omitempty"`
	// JSON Schema (2020-12) of `config` of each use; absent: any.
	ConfigSchema map[string]any `json:"configSchema,omitempty"`
}

// ProtocolRange is of this: versions of the protocol that the host speaks.
type ProtocolRange struct {
	// The oldest.
	Min int64 `json:"min"`
	// The newest.
	Max int64 `json:"max"`
}

// Redirect is of this: an answer that sends the client elsewhere.
type Redirect struct {
	// Where to.
	Location string `json:"location"`
	// Status; absent: 302.
	Status int64 `json:"status,omitempty"`
}

// Request is of this: a request's head.
type Request struct {
	// As it came.
	Method string `json:"method"`
	// http or https.
	Scheme string `json:"scheme"`
	// Host and port as the client named them.
	Authority string `json:"authority"`
	// Path with its query.
	Path string `json:"path"`
	// Fields that the phase asks for, in the order of the wire; absent: none.
	Fields []Field `json:"fields,omitempty"`
}

// RequestHeadParams is of this: `requestHead`: a request's head has come.
type RequestHeadParams struct {
	// The exchange, on this connection to this process.
	X int64 `json:"x"`
	// Number of the settings of the use, as `configure` told them; 0: those of `initialize`.
	Config int64 `json:"config"`
	// Milliseconds that the host waits for the answer.
	DeadlineMs int64 `json:"deadlineMs"`
	// The head.
	Request Request `json:"request"`
	// Facts that the phase asks for; absent: none.
	Attributes Attributes `json:"attributes,omitempty"`
	// No body follows; absent: false.
	End bool `json:"end,omitempty"`
}

// Respond is of this: an answer to the client. A binary frame of the message is its body.
type Respond struct {
	// Status.
	Status int64 `json:"status"`
	// Fields; absent: none.
	Fields []Field `json:"fields,omitempty"`
	// The body, as text; only where it is valid UTF-8.
	Text *string `json:"text,omitempty"`
	// The body, in base64 with padding (RFC 4648 section 4).
	Base64 *string `json:"base64,omitempty"`
}

// Response is of this: a reply's head.
type Response struct {
	// Status.
	Status int64 `json:"status"`
	// Fields that the phase asks for, in the order of the wire; absent: none.
	Fields []Field `json:"fields,omitempty"`
}

// ResponseHeadParams is of this: `responseHead`: a reply's head has come.
type ResponseHeadParams struct {
	// The exchange, on this connection to this process.
	X int64 `json:"x"`
	// Number of the settings of the use, as `configure` told them; 0: those of `initialize`.
	Config int64 `json:"config"`
	// Milliseconds that the host waits for the answer.
	DeadlineMs int64 `json:"deadlineMs"`
	// The head.
	Response Response `json:"response"`
	// Facts that the phase asks for; absent: none.
	Attributes Attributes `json:"attributes,omitempty"`
	// No body follows; absent: false.
	End bool `json:"end,omitempty"`
}

// TakenParams is of this: `requestTaken` and `responseTaken`, of both sides: bytes that were dealt with.
type TakenParams struct {
	// The exchange, on this connection to this process.
	X int64 `json:"x"`
	// How many.
	Bytes int64 `json:"bytes"`
}

// TickParams is of this: `tick`: time has gone by.
type TickParams struct {
	// Number of the settings of the use, as `configure` told them; 0: those of `initialize`.
	Config int64 `json:"config"`
	// Milliseconds since 1970.
	Time int64 `json:"time"`
}

// TickPhase is of this: how often the clock is told.
type TickPhase struct {
	// Milliseconds between two, at least 100.
	EveryMs int64 `json:"everyMs"`
}

// UnconfigureParams is of this: `unconfigure`: no call will name these settings any more.
type UnconfigureParams struct {
	// Number that calls carry.
	Config int64 `json:"config"`
}

// UnwatchEndpointsParams is of this: `unwatchEndpoints`: the endpoints of a cluster are not wanted any more.
type UnwatchEndpointsParams struct {
	// Number that names it.
	Watch int64 `json:"watch"`
}

// UpstreamHost is of this: a host that can be picked.
type UpstreamHost struct {
	// Address with port.
	Address string `json:"address"`
	// Its share against the others; absent: 1.
	Weight *int64 `json:"weight,omitempty"`
	// Requests in flight; absent: 0.
	Active *int64 `json:"active,omitempty"`
	// Where it stands.
	Zone string `json:"zone,omitempty"`
	// What the config or its source says of it; absent: nothing.
	Metadata map[string]any `json:"metadata,omitempty"`
}

// WatchEndpointsParams is of this: `watchEndpoints`: the endpoints of a cluster are wanted, now and whenever they change.
type WatchEndpointsParams struct {
	// Number that names it.
	Watch int64 `json:"watch"`
	// Name of the cluster.
	Cluster string `json:"cluster"`
	// What the cluster's config has for the plugin.
	Config any `json:"config,omitempty"`
}
