"""Types of the messages as they are sent. Generated of plugins/protocol.schema.json by tools/plugin_types: change it there."""

from typing import Any, Dict, List, Literal, Optional, Sequence, TypedDict, Union


FieldChange = Sequence[str]
"""A change of a head's fields. `set` replaces all fields of the name, `add` leaves them, `remove` takes them away."""


Metadata = Dict[str, Dict[str, Any]]
"""What others and the access log may see, by namespace."""


Field = Sequence[str]
"""Name, in lower case, and value of a field. The value's characters are its bytes (U+0000 to U+00FF)."""


class _RespondNeeded(TypedDict):
    """What must be there of Respond."""

    status: int
    """Status."""


class Respond(_RespondNeeded, total=False):
    """An answer to the client. A binary frame of the message is its body."""

    fields: List[Field]
    """Fields; absent: none."""

    text: str
    """The body, as text; only where it is valid UTF-8."""

    base64: str
    """The body, in base64 with padding (RFC 4648 section 4)."""


class _RedirectNeeded(TypedDict):
    """What must be there of Redirect."""

    location: str
    """Where to."""


class Redirect(_RedirectNeeded, total=False):
    """An answer that sends the client elsewhere."""

    status: Union[Literal[301], Literal[302], Literal[303], Literal[307], Literal[308]]
    """Status; absent: 302."""


class CacheHint(TypedDict):
    """The same answer holds for every request of the same config whose named parts are the same."""

    key: List[str]
    """Parts: method, scheme, authority, path, field:NAME, attribute:NAME."""

    ttlMs: int
    """Milliseconds that it holds for."""


class Action(TypedDict, total=False):
    """The answer of `requestHead`, `responseHead`, `requestBody` and `responseBody`. An empty one changes nothing; at most one of `respond`, `redirect` and `reset`."""

    fields: List[FieldChange]
    """Changes of the head's fields, in their order."""

    method: str
    """Method of the request."""

    path: str
    """Path of the request with its query. The route stays as it was."""

    authority: str
    """Authority of the request; only where it is granted."""

    scheme: str
    """Scheme of the request."""

    status: int
    """Status of the reply."""

    text: str
    """A body in place of the old one, as text; only where it is valid UTF-8."""

    base64: str
    """A body in place of the old one, in base64 with padding (RFC 4648 section 4)."""

    metadata: Metadata
    """Replaces what these namespaces held."""

    timeoutMs: int
    """Milliseconds that the request may take, where that is shorter."""

    cluster: str
    """Goes to this cluster; one that is granted."""

    host: str
    """Goes to this host of the cluster, where it can be picked."""

    respond: Respond
    """The answer; nothing goes to the upstream."""

    redirect: Redirect
    """The answer is a redirect."""

    reset: Literal[True]
    """The client's stream, or its connection with HTTP/1, is reset."""

    body: Literal["none"]
    """The body phase of this direction is left out for this exchange."""

    cache: CacheHint
    """The host may give the same answer again; only of `requestHead`."""


Attributes = Dict[str, Any]
"""Facts by name, of those that the phase asked for. One that is not known is absent."""


class _BodyParamsNeeded(TypedDict):
    """What must be there of BodyParams."""

    x: int
    """The exchange, on this connection to this process."""

    config: int
    """Number of the settings of the use, as `configure` told them; 0: those of `initialize`."""

    deadlineMs: int
    """Milliseconds that the host waits for the answer."""


class BodyParams(_BodyParamsNeeded, total=False):
    """`requestBody` and `responseBody`: a whole body, where the mode is buffered."""

    text: str
    """The body, as text; only where it is valid UTF-8."""

    base64: str
    """The body, in base64 with padding (RFC 4648 section 4)."""

    trailers: List[Field]
    """Trailers; absent: none."""


class BodyPhase(TypedDict, total=False):
    """What a phase needs of a body."""

    mode: Literal["buffered", "streamed"]
    """How the body comes; absent: buffered."""

    limitBytes: int
    """Longest buffered body in bytes; absent: `limits.bodyBytes`."""


class CancelParams(TypedDict):
    """`cancel`: nobody waits for the answer any more."""

    id: int
    """Number of the request."""


class ChoosePhase(TypedDict, total=False):
    """What the choice of a host needs."""

    attributes: List[str]
    """Facts that are sent; absent: none. Unknown names are ignored."""


class _UpstreamHostNeeded(TypedDict):
    """What must be there of UpstreamHost."""

    address: str
    """Address with port."""


class UpstreamHost(_UpstreamHostNeeded, total=False):
    """A host that can be picked."""

    weight: int
    """Its share against the others; absent: 1."""

    active: int
    """Requests in flight; absent: 0."""

    zone: str
    """Where it stands."""

    metadata: Dict[str, Any]
    """What the config or its source says of it; absent: nothing."""


class _ChooseUpstreamParamsNeeded(TypedDict):
    """What must be there of ChooseUpstreamParams."""

    x: int
    """The exchange, on this connection to this process."""

    config: int
    """Number of the settings of the use, as `configure` told them; 0: those of `initialize`."""

    deadlineMs: int
    """Milliseconds that the host waits for the answer."""

    cluster: str
    """Name of the cluster."""

    hosts: List[UpstreamHost]
    """Hosts that can be picked."""


class ChooseUpstreamParams(_ChooseUpstreamParamsNeeded, total=False):
    """`chooseUpstream`: a host of the cluster is wanted."""

    attempt: int
    """Which try of the request, from 1; absent: 1."""

    attributes: Attributes
    """Facts that the phase asks for; absent: none."""


class ChooseUpstreamResult(TypedDict, total=False):
    """The answer of `chooseUpstream`."""

    host: str
    """Address of one of the hosts; absent: by the cluster's own policy."""


class ConfigureParams(TypedDict):
    """`configure`: settings of a use, before a call names them. An error as the answer refuses the use."""

    config: int
    """Number that calls carry."""

    value: Any
    """`config` of the use, as in Weir's config."""


class _CountParamsNeeded(TypedDict):
    """What must be there of CountParams."""

    name: str
    """NAME, as Prometheus has them."""


class CountParams(_CountParamsNeeded, total=False):
    """`count`: adds to the counter weir_plugin_NAME_total."""

    add: float
    """How much; absent: 1."""

    labels: Dict[str, str]
    """Labels of the series; absent: none."""


class _DataParamsNeeded(TypedDict):
    """What must be there of DataParams."""

    x: int
    """The exchange, on this connection to this process."""

    config: int
    """Number of the settings of the use, as `configure` told them; 0: those of `initialize`."""


class DataParams(_DataParamsNeeded, total=False):
    """`requestData` and `responseData`: a piece of a body, where the mode is streamed."""

    end: bool
    """It is the last piece; absent: false."""

    text: str
    """The piece, as text; only where it is valid UTF-8."""

    base64: str
    """The piece, in base64 with padding (RFC 4648 section 4)."""

    trailers: List[Field]
    """Trailers; absent: none."""


class DoneParams(TypedDict):
    """`done`: the last that is said of an exchange."""

    x: int
    """The exchange, on this connection to this process."""


class Empty(TypedDict):
    """An answer that says no more than that it is done."""


class _EndpointNeeded(TypedDict):
    """What must be there of Endpoint."""

    address: str
    """Address with port."""


class Endpoint(_EndpointNeeded, total=False):
    """An endpoint of a cluster."""

    weight: int
    """Its share against the others; absent: 1."""

    zone: str
    """Where it stands."""

    metadata: Dict[str, Any]
    """What the config or its source says of it; absent: nothing."""

    priority: int
    """Those of the lowest number go first; absent: 0."""


class EndpointsParams(TypedDict):
    """`endpoints` of the plugin: the whole list of a cluster's endpoints."""

    watch: int
    """Number of the watch."""

    endpoints: List[Endpoint]
    """All of them."""


class EndpointsPhase(TypedDict):
    """The plugin is a source of endpoints. No member yet."""


class ErrorObject(TypedDict):
    """Why a request has failed."""

    code: int
    """-32601 method, -32602 params, -32603 own fault, -32001 not granted, -32002 too large, -32003 a host call."""

    message: str
    """For people."""


FieldNames = Union[Literal["*"], List[str]]
"""Names of fields in lower case, or "*" for all of them."""


class HeadPhase(TypedDict, total=False):
    """What a phase needs of a head."""

    fields: FieldNames
    """Fields that are sent; absent: none."""

    attributes: List[str]
    """Facts that are sent; absent: none. Unknown names are ignored."""


class HostCapabilities(TypedDict, total=False):
    """What the host can do. Unknown ones are ignored."""

    binary: bool
    """It understands binary frames; absent: false."""

    calls: List[str]
    """Names of the host calls that are granted; absent: none."""


class HostInfo(TypedDict):
    """Who started the plugin."""

    name: str
    """Its name."""

    version: str
    """Its version."""


class _HttpParamsNeeded(TypedDict):
    """What must be there of HttpParams."""

    cluster: str
    """Name of the cluster."""

    path: str
    """Path with its query."""


class HttpParams(_HttpParamsNeeded, total=False):
    """`http`: a request to a cluster. A binary frame of the message is its body."""

    method: str
    """Method; absent: GET."""

    authority: str
    """Host; absent: that of the endpoint."""

    fields: List[Field]
    """Fields; absent: none."""

    timeoutMs: int
    """Milliseconds that it may take."""

    text: str
    """The body, as text; only where it is valid UTF-8."""

    base64: str
    """The body, in base64 with padding (RFC 4648 section 4)."""


class _HttpResultNeeded(TypedDict):
    """What must be there of HttpResult."""

    status: int
    """Status."""


class HttpResult(_HttpResultNeeded, total=False):
    """The answer of `http`. A binary frame of the message is its body."""

    fields: List[Field]
    """Fields; absent: none."""

    text: str
    """The body, as text; only where it is valid UTF-8."""

    base64: str
    """The body, in base64 with padding (RFC 4648 section 4)."""


class ProtocolRange(TypedDict):
    """Versions of the protocol that the host speaks."""

    min: int
    """The oldest."""

    max: int
    """The newest."""


class Limits(TypedDict, total=False):
    """Bounds that both sides keep to."""

    messageBytes: int
    """Longest message in bytes, its line end included; absent: 4194304."""

    bodyBytes: int
    """Longest buffered body in bytes."""

    streamWindow: int
    """Bytes of a direction that may be unacknowledged; absent: 262144."""

    concurrency: int
    """Calls that are open at once in this process."""


class _InitializeParamsNeeded(TypedDict):
    """What must be there of InitializeParams."""

    protocol: ProtocolRange
    """Versions of the protocol that the host speaks."""

    host: HostInfo
    """Who started the plugin."""

    plugin: str
    """Name of the plugin in the config."""


class InitializeParams(_InitializeParamsNeeded, total=False):
    """`initialize`: the first request of the host."""

    process: int
    """Which of the plugin's processes, from 0; absent: 0."""

    capabilities: HostCapabilities
    """What the host can do."""

    limits: Limits
    """Bounds that both sides keep to."""

    config: Any
    """`config` of the plugin, as in Weir's config; null: none."""


class PluginCapabilities(TypedDict, total=False):
    """What the plugin can do. Unknown ones are ignored."""

    binary: bool
    """It understands binary frames; absent: false."""

    text: bool
    """It takes bodies as `text` where they are valid UTF-8; absent: false."""


class LogPhase(TypedDict, total=False):
    """What is told of exchanges that have ended."""

    attributes: List[str]
    """Facts that are sent; absent: none. Unknown names are ignored."""

    everyMs: int
    """Milliseconds that records are gathered for; absent: 1000."""

    batch: int
    """Most records of one message; absent: 100."""


class TickPhase(TypedDict):
    """How often the clock is told."""

    everyMs: int
    """Milliseconds between two, at least 100."""


class Phases(TypedDict, total=False):
    """Phases that the plugin wants, each with what it needs."""

    requestHead: HeadPhase
    """A request's head has come."""

    requestBody: BodyPhase
    """The body of a request."""

    responseHead: HeadPhase
    """A reply's head has come, an upstream's or Weir's own."""

    responseBody: BodyPhase
    """The body of a reply."""

    chooseUpstream: ChoosePhase
    """A host of the cluster is wanted."""

    log: LogPhase
    """Exchanges have ended."""

    tick: TickPhase
    """Time goes by."""

    endpoints: EndpointsPhase
    """The plugin tells the endpoints of clusters."""


class Match(TypedDict, total=False):
    """Requests that the plugin has to do with: all members hold."""

    methods: List[str]
    """The method is one of these."""

    paths: List[str]
    """The path, without its query, is one of these."""

    prefixes: List[str]
    """The path begins with one of these, by whole segments."""

    fields: Dict[str, Any]
    """Each of these fields is there, with this value; null: with any."""


class _InitializeResultNeeded(TypedDict):
    """What must be there of InitializeResult."""

    protocol: int
    """Version of the protocol, within the host's range."""

    name: str
    """Name of the plugin itself."""

    version: str
    """Version of the plugin itself."""

    phases: Phases
    """Phases that the plugin wants, each with what it needs."""


class InitializeResult(_InitializeResultNeeded, total=False):
    """The plugin's answer to `initialize`."""

    capabilities: PluginCapabilities
    """What the plugin can do."""

    match: List[Match]
    """Requests that it has to do with: one of these alternatives holds; absent or empty: all."""

    configSchema: Dict[str, Any]
    """JSON Schema (2020-12) of `config` of each use; absent: any."""


class _KvAddParamsNeeded(TypedDict):
    """What must be there of KvAddParams."""

    key: str
    """Key, up to 1 KiB."""

    by: float
    """How much."""


class KvAddParams(_KvAddParamsNeeded, total=False):
    """`kv.add`: adds to a counter, made at 0 where there is none."""

    ttlMs: int
    """Milliseconds that a new one stays; absent: while Weir runs."""


class KvAddResult(TypedDict):
    """The answer of `kv.add`."""

    value: float
    """What it is now."""


class KvDeleteParams(TypedDict):
    """`kv.delete`: takes a value away."""

    key: str
    """Key, up to 1 KiB."""


class KvDeleteResult(TypedDict):
    """The answer of `kv.delete`."""

    deleted: bool
    """There was one."""


class KvGetParams(TypedDict):
    """`kv.get`: reads a value."""

    key: str
    """Key, up to 1 KiB."""


class KvGetResult(TypedDict):
    """The answer of `kv.get`."""

    value: Any
    """Any JSON; null: none."""


class _KvSetParamsNeeded(TypedDict):
    """What must be there of KvSetParams."""

    key: str
    """Key, up to 1 KiB."""

    value: Any
    """Any JSON, up to 64 KiB."""


class KvSetParams(_KvSetParamsNeeded, total=False):
    """`kv.set`: writes a value."""

    ttlMs: int
    """Milliseconds that it stays; absent: while Weir runs."""


class _LogLineParamsNeeded(TypedDict):
    """What must be there of LogLineParams."""

    level: Literal["debug", "info", "warn", "error"]
    """How grave it is."""

    message: str
    """For people."""


class LogLineParams(_LogLineParamsNeeded, total=False):
    """`log` of the plugin: a line of Weir's log."""

    facts: Dict[str, Any]
    """For programs, by name; absent: none."""


class _LogParamsNeeded(TypedDict):
    """What must be there of LogParams."""

    records: List[Attributes]
    """Each the attributes that were asked for."""


class LogParams(_LogParamsNeeded, total=False):
    """`log` of the host: exchanges have ended."""

    lost: int
    """Records that were dropped since the last message; absent: 0."""


class _OutParamsNeeded(TypedDict):
    """What must be there of OutParams."""

    x: int
    """The exchange, on this connection to this process."""


_OutParamsWords = TypedDict("_OutParamsWords", {"pass": bool}, total=False)
"""Members of OutParams that are words of the language. pass: All that was not acknowledged, and all that comes, goes on unchanged; absent: false."""


class OutParams(_OutParamsNeeded, _OutParamsWords, total=False):
    """`requestOut` and `responseOut` of the plugin: what goes on in a body's place."""

    end: bool
    """It is the last piece; absent: false."""

    text: str
    """The piece, as text; only where it is valid UTF-8."""

    base64: str
    """The piece, in base64 with padding (RFC 4648 section 4)."""

    trailers: List[Field]
    """Trailers in place of the host's; only with `end`."""

    error: str
    """Why the plugin gives the body up, in place of `end`; absent: it does not."""


class _PluginDescriptionNeeded(TypedDict):
    """What must be there of PluginDescription."""

    name: str
    """Name of the plugin itself."""

    version: str
    """Version of the plugin itself."""

    phases: Phases
    """Phases that the plugin wants, each with what it needs."""


class PluginDescription(_PluginDescriptionNeeded, total=False):
    """The line that `--describe` prints: the answer of `initialize` without `protocol`."""

    capabilities: PluginCapabilities
    """What the plugin can do."""

    match: List[Match]
    """Requests that it has to do with: one of these alternatives holds; absent or empty: all."""

    configSchema: Dict[str, Any]
    """JSON Schema (2020-12) of `config` of each use; absent: any."""


class _RequestNeeded(TypedDict):
    """What must be there of Request."""

    method: str
    """As it came."""

    scheme: str
    """http or https."""

    authority: str
    """Host and port as the client named them."""

    path: str
    """Path with its query."""


class Request(_RequestNeeded, total=False):
    """A request's head."""

    fields: List[Field]
    """Fields that the phase asks for, in the order of the wire; absent: none."""


class _RequestHeadParamsNeeded(TypedDict):
    """What must be there of RequestHeadParams."""

    x: int
    """The exchange, on this connection to this process."""

    config: int
    """Number of the settings of the use, as `configure` told them; 0: those of `initialize`."""

    deadlineMs: int
    """Milliseconds that the host waits for the answer."""

    request: Request
    """The head."""


class RequestHeadParams(_RequestHeadParamsNeeded, total=False):
    """`requestHead`: a request's head has come."""

    attributes: Attributes
    """Facts that the phase asks for; absent: none."""

    end: bool
    """No body follows; absent: false."""


class _ResponseNeeded(TypedDict):
    """What must be there of Response."""

    status: int
    """Status."""


class Response(_ResponseNeeded, total=False):
    """A reply's head."""

    fields: List[Field]
    """Fields that the phase asks for, in the order of the wire; absent: none."""


class _ResponseHeadParamsNeeded(TypedDict):
    """What must be there of ResponseHeadParams."""

    x: int
    """The exchange, on this connection to this process."""

    config: int
    """Number of the settings of the use, as `configure` told them; 0: those of `initialize`."""

    deadlineMs: int
    """Milliseconds that the host waits for the answer."""

    response: Response
    """The head."""


class ResponseHeadParams(_ResponseHeadParamsNeeded, total=False):
    """`responseHead`: a reply's head has come."""

    attributes: Attributes
    """Facts that the phase asks for; absent: none."""

    end: bool
    """No body follows; absent: false."""


class TakenParams(TypedDict):
    """`requestTaken` and `responseTaken`, of both sides: bytes that were dealt with."""

    x: int
    """The exchange, on this connection to this process."""

    bytes: int
    """How many."""


class TickParams(TypedDict):
    """`tick`: time has gone by."""

    config: int
    """Number of the settings of the use, as `configure` told them; 0: those of `initialize`."""

    time: int
    """Milliseconds since 1970."""


class UnconfigureParams(TypedDict):
    """`unconfigure`: no call will name these settings any more."""

    config: int
    """Number that calls carry."""


class UnwatchEndpointsParams(TypedDict):
    """`unwatchEndpoints`: the endpoints of a cluster are not wanted any more."""

    watch: int
    """Number that names it."""


class _WatchEndpointsParamsNeeded(TypedDict):
    """What must be there of WatchEndpointsParams."""

    watch: int
    """Number that names it."""

    cluster: str
    """Name of the cluster."""


class WatchEndpointsParams(_WatchEndpointsParamsNeeded, total=False):
    """`watchEndpoints`: the endpoints of a cluster are wanted, now and whenever they change."""

    config: Any
    """What the cluster's config has for the plugin."""
