// Generated of plugins/protocol.schema.json by tools/plugin_types. Types of the messages as they are sent.

/** The answer of `requestHead`, `responseHead`, `requestBody` and `responseBody`. An empty one changes nothing; at most one of `respond`, `redirect` and `reset`. */
export interface Action {
  /** Changes of the head's fields, in their order. */
  fields?: FieldChange[];
  /** Method of the request. */
  method?: string;
  /** Path of the request with its query. The route stays as it was. */
  path?: string;
  /** Authority of the request; only where it is granted. */
  authority?: string;
  /** Scheme of the request. */
  scheme?: string;
  /** Status of the reply. */
  status?: number;
  /** A body in place of the old one, as text; only where it is valid UTF-8. */
  text?: string;
  /** A body in place of the old one, in base64 with padding (RFC 4648 section 4). */
  base64?: string;
  /** Replaces what these namespaces held. */
  metadata?: Metadata;
  /** Milliseconds that the request may take, where that is shorter. */
  timeoutMs?: number;
  /** Goes to this cluster; one that is granted. */
  cluster?: string;
  /** Goes to this host of the cluster, where it can be picked. */
  host?: string;
  /** The answer; nothing goes to the upstream. */
  respond?: Respond;
  /** The answer is a redirect. */
  redirect?: Redirect;
  /** The client's stream, or its connection with HTTP/1, is reset. */
  reset?: true;
  /** The body phase of this direction is left out for this exchange. */
  body?: "none";
  /** The host may give the same answer again; only of `requestHead`. */
  cache?: CacheHint;
}

/** Facts by name, of those that the phase asked for. One that is not known is absent. */
export type Attributes = Record<string, unknown>;

/** `requestBody` and `responseBody`: a whole body, where the mode is buffered. */
export interface BodyParams {
  /** The exchange, on this connection to this process. */
  x: number;
  /** Number of the settings of the use, as `configure` told them; 0: those of `initialize`. */
  config: number;
  /** Milliseconds that the host waits for the answer. */
  deadlineMs: number;
  /** The body, as text; only where it is valid UTF-8. */
  text?: string;
  /** The body, in base64 with padding (RFC 4648 section 4). */
  base64?: string;
  /** Trailers; absent: none. */
  trailers?: Field[];
}

/** What a phase needs of a body. */
export interface BodyPhase {
  /** How the body comes; absent: buffered. */
  mode?: "buffered" | "streamed";
  /** Longest buffered body in bytes; absent: `limits.bodyBytes`. */
  limitBytes?: number;
}

/** The same answer holds for every request of the same config whose named parts are the same. */
export interface CacheHint {
  /** Parts: method, scheme, authority, path, field:NAME, attribute:NAME. */
  key: string[];
  /** Milliseconds that it holds for. */
  ttlMs: number;
}

/** `cancel`: nobody waits for the answer any more. */
export interface CancelParams {
  /** Number of the request. */
  id: number;
}

/** What the choice of a host needs. */
export interface ChoosePhase {
  /** Facts that are sent; absent: none. Unknown names are ignored. */
  attributes?: string[];
}

/** `chooseUpstream`: a host of the cluster is wanted. */
export interface ChooseUpstreamParams {
  /** The exchange, on this connection to this process. */
  x: number;
  /** Number of the settings of the use, as `configure` told them; 0: those of `initialize`. */
  config: number;
  /** Milliseconds that the host waits for the answer. */
  deadlineMs: number;
  /** Name of the cluster. */
  cluster: string;
  /** Hosts that can be picked. */
  hosts: UpstreamHost[];
  /** Which try of the request, from 1; absent: 1. */
  attempt?: number;
  /** Facts that the phase asks for; absent: none. */
  attributes?: Attributes;
}

/** The answer of `chooseUpstream`. */
export interface ChooseUpstreamResult {
  /** Address of one of the hosts; absent: by the cluster's own policy. */
  host?: string;
}

/** `configure`: settings of a use, before a call names them. An error as the answer refuses the use. */
export interface ConfigureParams {
  /** Number that calls carry. */
  config: number;
  /** `config` of the use, as in Weir's config. */
  value: unknown;
}

/** `count`: adds to the counter weir_plugin_NAME_total. */
export interface CountParams {
  /** NAME, as Prometheus has them. */
  name: string;
  /** How much; absent: 1. */
  add?: number;
  /** Labels of the series; absent: none. */
  labels?: Record<string, string>;
}

/** `requestData` and `responseData`: a piece of a body, where the mode is streamed. */
export interface DataParams {
  /** The exchange, on this connection to this process. */
  x: number;
  /** Number of the settings of the use, as `configure` told them; 0: those of `initialize`. */
  config: number;
  /** It is the last piece; absent: false. */
  end?: boolean;
  /** The piece, as text; only where it is valid UTF-8. */
  text?: string;
  /** The piece, in base64 with padding (RFC 4648 section 4). */
  base64?: string;
  /** Trailers; absent: none. */
  trailers?: Field[];
}

/** `done`: the last that is said of an exchange. */
export interface DoneParams {
  /** The exchange, on this connection to this process. */
  x: number;
}

/** An answer that says no more than that it is done. */
export type Empty = Record<string, never>;

/** An endpoint of a cluster. */
export interface Endpoint {
  /** Address with port. */
  address: string;
  /** Its share against the others; absent: 1. */
  weight?: number;
  /** Where it stands. */
  zone?: string;
  /** What the config or its source says of it; absent: nothing. */
  metadata?: Record<string, unknown>;
  /** Those of the lowest number go first; absent: 0. */
  priority?: number;
}

/** `endpoints` of the plugin: the whole list of a cluster's endpoints. */
export interface EndpointsParams {
  /** Number of the watch. */
  watch: number;
  /** All of them. */
  endpoints: Endpoint[];
}

/** The plugin is a source of endpoints. No member yet. */
export type EndpointsPhase = Record<string, never>;

/** Why a request has failed. */
export interface ErrorObject {
  /** -32601 method, -32602 params, -32603 own fault, -32001 not granted, -32002 too large, -32003 a host call. */
  code: number;
  /** For people. */
  message: string;
}

/** Name, in lower case, and value of a field. The value's characters are its bytes (U+0000 to U+00FF). */
export type Field = [string, string];

/** A change of a head's fields. `set` replaces all fields of the name, `add` leaves them, `remove` takes them away. */
export type FieldChange = ["set", string, string] | ["add", string, string] | ["remove", string];

/** Names of fields in lower case, or "*" for all of them. */
export type FieldNames = "*" | string[];

/** What a phase needs of a head. */
export interface HeadPhase {
  /** Fields that are sent; absent: none. */
  fields?: FieldNames;
  /** Facts that are sent; absent: none. Unknown names are ignored. */
  attributes?: string[];
}

/** What the host can do. Unknown ones are ignored. */
export interface HostCapabilities {
  /** It understands binary frames; absent: false. */
  binary?: boolean;
  /** Names of the host calls that are granted; absent: none. */
  calls?: string[];
}

/** Who started the plugin. */
export interface HostInfo {
  /** Its name. */
  name: string;
  /** Its version. */
  version: string;
}

/** `http`: a request to a cluster. A binary frame of the message is its body. */
export interface HttpParams {
  /** Name of the cluster. */
  cluster: string;
  /** Method; absent: GET. */
  method?: string;
  /** Path with its query. */
  path: string;
  /** Host; absent: that of the endpoint. */
  authority?: string;
  /** Fields; absent: none. */
  fields?: Field[];
  /** Milliseconds that it may take. */
  timeoutMs?: number;
  /** The body, as text; only where it is valid UTF-8. */
  text?: string;
  /** The body, in base64 with padding (RFC 4648 section 4). */
  base64?: string;
}

/** The answer of `http`. A binary frame of the message is its body. */
export interface HttpResult {
  /** Status. */
  status: number;
  /** Fields; absent: none. */
  fields?: Field[];
  /** The body, as text; only where it is valid UTF-8. */
  text?: string;
  /** The body, in base64 with padding (RFC 4648 section 4). */
  base64?: string;
}

/** `initialize`: the first request of the host. */
export interface InitializeParams {
  /** Versions of the protocol that the host speaks. */
  protocol: ProtocolRange;
  /** Who started the plugin. */
  host: HostInfo;
  /** Name of the plugin in the config. */
  plugin: string;
  /** Which of the plugin's processes, from 0; absent: 0. */
  process?: number;
  /** What the host can do. */
  capabilities?: HostCapabilities;
  /** Bounds that both sides keep to. */
  limits?: Limits;
  /** `config` of the plugin, as in Weir's config; null: none. */
  config?: unknown;
}

/** The plugin's answer to `initialize`. */
export interface InitializeResult {
  /** Version of the protocol, within the host's range. */
  protocol: number;
  /** Name of the plugin itself. */
  name: string;
  /** Version of the plugin itself. */
  version: string;
  /** What the plugin can do. */
  capabilities?: PluginCapabilities;
  /** Phases that the plugin wants, each with what it needs. */
  phases: Phases;
  /** Requests that it has to do with: one of these alternatives holds; absent or empty: all. */
  match?: Match[];
  /** JSON Schema (2020-12) of `config` of each use; absent: any. */
  configSchema?: Record<string, unknown>;
}

/** `kv.add`: adds to a counter, made at 0 where there is none. */
export interface KvAddParams {
  /** Key, up to 1 KiB. */
  key: string;
  /** How much. */
  by: number;
  /** Milliseconds that a new one stays; absent: while Weir runs. */
  ttlMs?: number;
}

/** The answer of `kv.add`. */
export interface KvAddResult {
  /** What it is now. */
  value: number;
}

/** `kv.delete`: takes a value away. */
export interface KvDeleteParams {
  /** Key, up to 1 KiB. */
  key: string;
}

/** The answer of `kv.delete`. */
export interface KvDeleteResult {
  /** There was one. */
  deleted: boolean;
}

/** `kv.get`: reads a value. */
export interface KvGetParams {
  /** Key, up to 1 KiB. */
  key: string;
}

/** The answer of `kv.get`. */
export interface KvGetResult {
  /** Any JSON; null: none. */
  value: unknown;
}

/** `kv.set`: writes a value. */
export interface KvSetParams {
  /** Key, up to 1 KiB. */
  key: string;
  /** Any JSON, up to 64 KiB. */
  value: unknown;
  /** Milliseconds that it stays; absent: while Weir runs. */
  ttlMs?: number;
}

/** Bounds that both sides keep to. */
export interface Limits {
  /** Longest message in bytes, its line end included; absent: 4194304. */
  messageBytes?: number;
  /** Longest buffered body in bytes. */
  bodyBytes?: number;
  /** Bytes of a direction that may be unacknowledged; absent: 262144. */
  streamWindow?: number;
  /** Calls that are open at once in this process. */
  concurrency?: number;
}

/** `log` of the plugin: a line of Weir's log. */
export interface LogLineParams {
  /** How grave it is. */
  level: "debug" | "info" | "warn" | "error";
  /** For people. */
  message: string;
  /** For programs, by name; absent: none. */
  facts?: Record<string, unknown>;
}

/** `log` of the host: exchanges have ended. */
export interface LogParams {
  /** Each the attributes that were asked for. */
  records: Attributes[];
  /** Records that were dropped since the last message; absent: 0. */
  lost?: number;
}

/** What is told of exchanges that have ended. */
export interface LogPhase {
  /** Facts that are sent; absent: none. Unknown names are ignored. */
  attributes?: string[];
  /** Milliseconds that records are gathered for; absent: 1000. */
  everyMs?: number;
  /** Most records of one message; absent: 100. */
  batch?: number;
}

/** Requests that the plugin has to do with: all members hold. */
export interface Match {
  /** The method is one of these. */
  methods?: string[];
  /** The path, without its query, is one of these. */
  paths?: string[];
  /** The path begins with one of these, by whole segments. */
  prefixes?: string[];
  /** Each of these fields is there, with this value; null: with any. */
  fields?: Record<string, unknown>;
}

/** What others and the access log may see, by namespace. */
export type Metadata = Record<string, Record<string, unknown>>;

/** `requestOut` and `responseOut` of the plugin: what goes on in a body's place. */
export interface OutParams {
  /** The exchange, on this connection to this process. */
  x: number;
  /** It is the last piece; absent: false. */
  end?: boolean;
  /** The piece, as text; only where it is valid UTF-8. */
  text?: string;
  /** The piece, in base64 with padding (RFC 4648 section 4). */
  base64?: string;
  /** Trailers in place of the host's; only with `end`. */
  trailers?: Field[];
  /** All that was not acknowledged, and all that comes, goes on unchanged; absent: false. */
  pass?: boolean;
  /** Why the plugin gives the body up, in place of `end`; absent: it does not. */
  error?: string;
}

/** Phases that the plugin wants, each with what it needs. */
export interface Phases {
  /** A request's head has come. */
  requestHead?: HeadPhase;
  /** The body of a request. */
  requestBody?: BodyPhase;
  /** A reply's head has come, an upstream's or Weir's own. */
  responseHead?: HeadPhase;
  /** The body of a reply. */
  responseBody?: BodyPhase;
  /** A host of the cluster is wanted. */
  chooseUpstream?: ChoosePhase;
  /** Exchanges have ended. */
  log?: LogPhase;
  /** Time goes by. */
  tick?: TickPhase;
  /** The plugin tells the endpoints of clusters. */
  endpoints?: EndpointsPhase;
}

/** What the plugin can do. Unknown ones are ignored. */
export interface PluginCapabilities {
  /** It understands binary frames; absent: false. */
  binary?: boolean;
  /** It takes bodies as `text` where they are valid UTF-8; absent: false. */
  text?: boolean;
}

/** The line that `--describe` prints: the answer of `initialize` without `protocol`. */
export interface PluginDescription {
  /** Name of the plugin itself. */
  name: string;
  /** Version of the plugin itself. */
  version: string;
  /** What the plugin can do. */
  capabilities?: PluginCapabilities;
  /** Phases that the plugin wants, each with what it needs. */
  phases: Phases;
  /** Requests that it has to do with: one of these alternatives holds; absent or empty: all. */
  match?: Match[];
  /** JSON Schema (2020-12) of `config` of each use; absent: any. */
  configSchema?: Record<string, unknown>;
}

/** Versions of the protocol that the host speaks. */
export interface ProtocolRange {
  /** The oldest. */
  min: number;
  /** The newest. */
  max: number;
}

/** An answer that sends the client elsewhere. */
export interface Redirect {
  /** Where to. */
  location: string;
  /** Status; absent: 302. */
  status?: 301 | 302 | 303 | 307 | 308;
}

/** A request's head. */
export interface Request {
  /** As it came. */
  method: string;
  /** http or https. */
  scheme: string;
  /** Host and port as the client named them. */
  authority: string;
  /** Path with its query. */
  path: string;
  /** Fields that the phase asks for, in the order of the wire; absent: none. */
  fields?: Field[];
}

/** `requestHead`: a request's head has come. */
export interface RequestHeadParams {
  /** The exchange, on this connection to this process. */
  x: number;
  /** Number of the settings of the use, as `configure` told them; 0: those of `initialize`. */
  config: number;
  /** Milliseconds that the host waits for the answer. */
  deadlineMs: number;
  /** The head. */
  request: Request;
  /** Facts that the phase asks for; absent: none. */
  attributes?: Attributes;
  /** No body follows; absent: false. */
  end?: boolean;
}

/** An answer to the client. A binary frame of the message is its body. */
export interface Respond {
  /** Status. */
  status: number;
  /** Fields; absent: none. */
  fields?: Field[];
  /** The body, as text; only where it is valid UTF-8. */
  text?: string;
  /** The body, in base64 with padding (RFC 4648 section 4). */
  base64?: string;
}

/** A reply's head. */
export interface Response {
  /** Status. */
  status: number;
  /** Fields that the phase asks for, in the order of the wire; absent: none. */
  fields?: Field[];
}

/** `responseHead`: a reply's head has come. */
export interface ResponseHeadParams {
  /** The exchange, on this connection to this process. */
  x: number;
  /** Number of the settings of the use, as `configure` told them; 0: those of `initialize`. */
  config: number;
  /** Milliseconds that the host waits for the answer. */
  deadlineMs: number;
  /** The head. */
  response: Response;
  /** Facts that the phase asks for; absent: none. */
  attributes?: Attributes;
  /** No body follows; absent: false. */
  end?: boolean;
}

/** `requestTaken` and `responseTaken`, of both sides: bytes that were dealt with. */
export interface TakenParams {
  /** The exchange, on this connection to this process. */
  x: number;
  /** How many. */
  bytes: number;
}

/** `tick`: time has gone by. */
export interface TickParams {
  /** Number of the settings of the use, as `configure` told them; 0: those of `initialize`. */
  config: number;
  /** Milliseconds since 1970. */
  time: number;
}

/** How often the clock is told. */
export interface TickPhase {
  /** Milliseconds between two, at least 100. */
  everyMs: number;
}

/** `unconfigure`: no call will name these settings any more. */
export interface UnconfigureParams {
  /** Number that calls carry. */
  config: number;
}

/** `unwatchEndpoints`: the endpoints of a cluster are not wanted any more. */
export interface UnwatchEndpointsParams {
  /** Number that names it. */
  watch: number;
}

/** A host that can be picked. */
export interface UpstreamHost {
  /** Address with port. */
  address: string;
  /** Its share against the others; absent: 1. */
  weight?: number;
  /** Requests in flight; absent: 0. */
  active?: number;
  /** Where it stands. */
  zone?: string;
  /** What the config or its source says of it; absent: nothing. */
  metadata?: Record<string, unknown>;
}

/** `watchEndpoints`: the endpoints of a cluster are wanted, now and whenever they change. */
export interface WatchEndpointsParams {
  /** Number that names it. */
  watch: number;
  /** Name of the cluster. */
  cluster: string;
  /** What the cluster's config has for the plugin. */
  config?: unknown;
}

/** What the host sends, with params and result; null: none. */
export interface HostMethods {
  initialize: { params: InitializeParams; result: InitializeResult };
  initialized: { params: null; result: null };
  configure: { params: ConfigureParams; result: Empty };
  unconfigure: { params: UnconfigureParams; result: null };
  requestHead: { params: RequestHeadParams; result: Action };
  requestBody: { params: BodyParams; result: Action };
  requestData: { params: DataParams; result: null };
  requestTaken: { params: TakenParams; result: null };
  responseHead: { params: ResponseHeadParams; result: Action };
  responseBody: { params: BodyParams; result: Action };
  responseData: { params: DataParams; result: null };
  responseTaken: { params: TakenParams; result: null };
  chooseUpstream: { params: ChooseUpstreamParams; result: ChooseUpstreamResult };
  log: { params: LogParams; result: null };
  tick: { params: TickParams; result: null };
  watchEndpoints: { params: WatchEndpointsParams; result: null };
  unwatchEndpoints: { params: UnwatchEndpointsParams; result: null };
  cancel: { params: CancelParams; result: null };
  done: { params: DoneParams; result: null };
  ping: { params: null; result: Empty };
  shutdown: { params: null; result: Empty };
}

/** What the plugin sends, with params and result; null: none. */
export interface PluginMethods {
  requestOut: { params: OutParams; result: null };
  requestTaken: { params: TakenParams; result: null };
  responseOut: { params: OutParams; result: null };
  responseTaken: { params: TakenParams; result: null };
  endpoints: { params: EndpointsParams; result: null };
  log: { params: LogLineParams; result: null };
  count: { params: CountParams; result: null };
  "kv.get": { params: KvGetParams; result: KvGetResult };
  "kv.set": { params: KvSetParams; result: Empty };
  "kv.delete": { params: KvDeleteParams; result: KvDeleteResult };
  "kv.add": { params: KvAddParams; result: KvAddResult };
  http: { params: HttpParams; result: HttpResult };
}
