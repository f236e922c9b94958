//! Types of the messages as they are sent. Generated of plugins/protocol.schema.json by tools/plugin_types: change it there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The answer of `requestHead`, `responseHead`, `requestBody` and `responseBody`. An empty one changes nothing; at most one of `respond`, `redirect` and `reset`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    /// Changes of the head's fields, in their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<FieldChange>>,
    /// Method of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Path of the request with its query. The route stays as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Authority of the request; only where it is granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// Scheme of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// Status of the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u64>,
    /// A body in place of the old one, as text; only where it is valid UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A body in place of the old one, in base64 with padding (RFC 4648 section 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Replaces what these namespaces held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// Milliseconds that the request may take, where that is shorter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Goes to this cluster; one that is granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Goes to this host of the cluster, where it can be picked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The answer; nothing goes to the upstream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respond: Option<Respond>,
    /// The answer is a redirect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect: Option<Redirect>,
    /// The client's stream, or its connection with HTTP/1, is reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<bool>,
    /// The body phase of this direction is left out for this exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The host may give the same answer again; only of `requestHead`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheHint>,
}

/// Facts by name, of those that the phase asked for. One that is not known is absent.
pub type Attributes = BTreeMap<String, Value>;

/// `requestBody` and `responseBody`: a whole body, where the mode is buffered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BodyParams {
    /// The exchange, on this connection to this process.
    pub x: u64,
    /// Number of the settings of the use, as `configure` told them; 0: those of `initialize`.
    pub config: u64,
    /// Milliseconds that the host waits for the answer.
    pub deadline_ms: u64,
    /// The body, as text; only where it is valid UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The body, in base64 with padding (RFC 4648 section 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Trailers; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trailers: Option<Vec<Field>>,
}

/// How the body comes; absent: buffered.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BodyPhaseMode {
    Buffered,
    Streamed,
}

/// What a phase needs of a body.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BodyPhase {
    /// How the body comes; absent: buffered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<BodyPhaseMode>,
    /// Longest buffered body in bytes; absent: `limits.bodyBytes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_bytes: Option<u64>,
}

/// The same answer holds for every request of the same config whose named parts are the same.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CacheHint {
    /// Parts: method, scheme, authority, path, field:NAME, attribute:NAME.
    pub key: Vec<String>,
    /// Milliseconds that it holds for.
    pub ttl_ms: u64,
}

/// `cancel`: nobody waits for the answer any more.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CancelParams {
    /// Number of the request.
    pub id: u64,
}

/// What the choice of a host needs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ChoosePhase {
    /// Facts that are sent; absent: none. Unknown names are ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Vec<String>>,
}

/// `chooseUpstream`: a host of the cluster is wanted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChooseUpstreamParams {
    /// The exchange, on this connection to this process.
    pub x: u64,
    /// Number of the settings of the use, as `configure` told them; 0: those of `initialize`.
    pub config: u64,
    /// Milliseconds that the host waits for the answer.
    pub deadline_ms: u64,
    /// Name of the cluster.
    pub cluster: String,
    /// Hosts that can be picked.
    pub hosts: Vec<UpstreamHost>,
    /// Which try of the request, from 1; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u64>,
    /// Facts that the phase asks for; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Attributes>,
}

/// The answer of `chooseUpstream`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ChooseUpstreamResult {
    /// Address of one of the hosts; absent: by the cluster's own policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

/// `configure`: settings of a use, before a call names them. An error as the answer refuses the use.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ConfigureParams {
    /// Number that calls carry.
    pub config: u64,
    /// `config` of the use, as in Weir's config.
    pub value: Value,
}

/// `count`: adds to the counter weir_plugin_NAME_total.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CountParams {
    /// NAME, as Prometheus has them.
    pub name: String,
    /// How much; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add: Option<f64>,
    /// Labels of the series; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
}

/// `requestData` and `responseData`: a piece of a body, where the mode is streamed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DataParams {
    /// The exchange, on this connection to this process.
    pub x: u64,
    /// Number of the settings of the use, as `configure` told them; 0: those of `initialize`.
    pub config: u64,
    /// It is the last piece; absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<bool>,
    /// The piece, as text; only where it is valid UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The piece, in base64 with padding (RFC 4648 section 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Trailers; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trailers: Option<Vec<Field>>,
}

/// `done`: the last that is said of an exchange.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DoneParams {
    /// The exchange, on this connection to this process.
    pub x: u64,
}

/// An answer that says no more than that it is done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Empty {}

/// An endpoint of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Address with port.
    pub address: String,
    /// Its share against the others; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u64>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// What the config or its source says of it; absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, Value>>,
    /// Those of the lowest number go first; absent: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u64>,
}

/// `endpoints` of the plugin: the whole list of a cluster's endpoints.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EndpointsParams {
    /// Number of the watch.
    pub watch: u64,
    /// All of them.
    pub endpoints: Vec<Endpoint>,
}

/// The plugin is a source of endpoints. No member yet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EndpointsPhase {}

/// Why a request has failed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ErrorObject {
    /// -32601 method, -32602 params, -32603 own fault, -32001 not granted, -32002 too large, -32003 a host call.
    pub code: i64,
    /// For people.
    pub message: String,
}

/// Name, in lower case, and value of a field. The value's characters are its bytes (U+0000 to U+00FF).
pub type Field = (String, String);

/// A change of a head's fields. `set` replaces all fields of the name, `add` leaves them, `remove` takes them away.
pub type FieldChange = Vec<String>;

/// Names of fields in lower case, or "*" for all of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldNames {
    Text(String),
    Names(Vec<String>),
}

/// What a phase needs of a head.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HeadPhase {
    /// Fields that are sent; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<FieldNames>,
    /// Facts that are sent; absent: none. Unknown names are ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Vec<String>>,
}

/// What the host can do. Unknown ones are ignored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HostCapabilities {
    /// It understands binary frames; absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary: Option<bool>,
    /// Names of the host calls that are granted; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<Vec<String>>,
}

/// Who started the plugin.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HostInfo {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// `http`: a request to a cluster. A binary frame of the message is its body.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpParams {
    /// Name of the cluster.
    pub cluster: String,
    /// Method; absent: GET.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Path with its query.
    pub path: String,
    /// Host; absent: that of the endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// Fields; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<Field>>,
    /// Milliseconds that it may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// The body, as text; only where it is valid UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The body, in base64 with padding (RFC 4648 section 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// The answer of `http`. A binary frame of the message is its body.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HttpResult {
    /// Status.
    pub status: u64,
    /// Fields; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<Field>>,
    /// The body, as text; only where it is valid UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The body, in base64 with padding (RFC 4648 section 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// `initialize`: the first request of the host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InitializeParams {
    /// Versions of the protocol that the host speaks.
    pub protocol: ProtocolRange,
    /// Who started the plugin.
    pub host: HostInfo,
    /// Name of the plugin in the config.
    pub plugin: String,
    /// Which of the plugin's processes, from 0; absent: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<u64>,
    /// What the host can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<HostCapabilities>,
    /// Bounds that both sides keep to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// `config` of the plugin, as in Weir's config; null: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Value>,
}

/// The plugin's answer to `initialize`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InitializeResult {
    /// Version of the protocol, within the host's range.
    pub protocol: u64,
    /// Name of the plugin itself.
    pub name: String,
    /// Version of the plugin itself.
    pub version: String,
    /// What the plugin can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<PluginCapabilities>,
    /// Phases that the plugin wants, each with what it needs.
    pub phases: Phases,
    /// Requests that it has to do with: one of these alternatives holds; absent or empty: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#match: Option<Vec<Match>>,
    /// JSON Schema (2020-12) of `config` of each use; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_schema: Option<BTreeMap<String, Value>>,
}

/// `kv.add`: adds to a counter, made at 0 where there is none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KvAddParams {
    /// Key, up to 1 KiB.
    pub key: String,
    /// How much.
    pub by: f64,
    /// Milliseconds that a new one stays; absent: while Weir runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
}

/// The answer of `kv.add`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KvAddResult {
    /// What it is now.
    pub value: f64,
}

/// `kv.delete`: takes a value away.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KvDeleteParams {
    /// Key, up to 1 KiB.
    pub key: String,
}

/// The answer of `kv.delete`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KvDeleteResult {
    /// There was one.
    pub deleted: bool,
}

/// `kv.get`: reads a value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KvGetParams {
    /// Key, up to 1 KiB.
    pub key: String,
}

/// The answer of `kv.get`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KvGetResult {
    /// Any JSON; null: none.
    pub value: Value,
}

/// `kv.set`: writes a value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KvSetParams {
    /// Key, up to 1 KiB.
    pub key: String,
    /// Any JSON, up to 64 KiB.
    pub value: Value,
    /// Milliseconds that it stays; absent: while Weir runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
}

/// Bounds that both sides keep to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Longest message in bytes, its line end included; absent: 4194304.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_bytes: Option<u64>,
    /// Longest buffered body in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<u64>,
    /// Bytes of a direction that may be unacknowledged; absent: 262144.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_window: Option<u64>,
    /// Calls that are open at once in this process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u64>,
}

/// How grave it is.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LogLineParamsLevel {
    Debug,
    Info,
    Warn,
    Error,
}

/// `log` of the plugin: a line of Weir's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogLineParams {
    /// How grave it is.
    pub level: LogLineParamsLevel,
    /// For people.
    pub message: String,
    /// For programs, by name; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<BTreeMap<String, Value>>,
}

/// `log` of the host: exchanges have ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LogParams {
    /// Each the attributes that were asked for.
    pub records: Vec<Attributes>,
    /// Records that were dropped since the last message; absent: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<u64>,
}

/// What is told of exchanges that have ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogPhase {
    /// Facts that are sent; absent: none. Unknown names are ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Vec<String>>,
    /// Milliseconds that records are gathered for; absent: 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_ms: Option<u64>,
    /// Most records of one message; absent: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<u64>,
}

/// Requests that the plugin has to do with: all members hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Match {
    /// The method is one of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<String>>,
    /// The path, without its query, is one of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths: Option<Vec<String>>,
    /// The path begins with one of these, by whole segments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefixes: Option<Vec<String>>,
    /// Each of these fields is there, with this value; null: with any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<BTreeMap<String, Value>>,
}

/// What others and the access log may see, by namespace.
pub type Metadata = BTreeMap<String, BTreeMap<String, Value>>;

/// `requestOut` and `responseOut` of the plugin: what goes on in a body's place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OutParams {
    /// The exchange, on this connection to this process.
    pub x: u64,
    /// It is the last piece; absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<bool>,
    /// The piece, as text; only where it is valid UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The piece, in base64 with padding (RFC 4648 section 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Trailers in place of the host's; only with `end`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trailers: Option<Vec<Field>>,
    /// All that was not acknowledged, and all that comes, goes on unchanged; absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<bool>,
    /// Why the plugin gives the body up, in place of `end`; absent: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Phases that the plugin wants, each with what it needs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Phases {
    /// A request's head has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_head: Option<HeadPhase>,
    /// The body of a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_body: Option<BodyPhase>,
    /// A reply's head has come, an upstream's or Weir's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_head: Option<HeadPhase>,
    /// The body of a reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_body: Option<BodyPhase>,
    /// A host of the cluster is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choose_upstream: Option<ChoosePhase>,
    /// Exchanges have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogPhase>,
    /// Time goes by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tick: Option<TickPhase>,
    /// The plugin tells the endpoints of clusters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<EndpointsPhase>,
}

/// What the plugin can do. Unknown ones are ignored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PluginCapabilities {
    /// It understands binary frames; absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary: Option<bool>,
    /// It takes bodies as `text` where they are valid UTF-8; absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<bool>,
}

/// The line that `--describe` prints: the answer of `initialize` without `protocol`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PluginDescription {
    /// Name of the plugin itself.
    pub name: String,
    /// Version of the plugin itself.
    pub version: String,
    /// What the plugin can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<PluginCapabilities>,
    /// Phases that the plugin wants, each with what it needs.
    pub phases: Phases,
    /// Requests that it has to do with: one of these alternatives holds; absent or empty: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#match: Option<Vec<Match>>,
    /// JSON Schema (2020-12) of `config` of each use; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_schema: Option<BTreeMap<String, Value>>,
}

/// Versions of the protocol that the host speaks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProtocolRange {
    /// The oldest.
    pub min: u64,
    /// The newest.
    pub max: u64,
}

/// An answer that sends the client elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Redirect {
    /// Where to.
    pub location: String,
    /// Status; absent: 302.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u64>,
}

/// A request's head.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// As it came.
    pub method: String,
    /// http or https.
    pub scheme: String,
    /// Host and port as the client named them.
    pub authority: String,
    /// Path with its query.
    pub path: String,
    /// Fields that the phase asks for, in the order of the wire; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<Field>>,
}

/// `requestHead`: a request's head has come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestHeadParams {
    /// The exchange, on this connection to this process.
    pub x: u64,
    /// Number of the settings of the use, as `configure` told them; 0: those of `initialize`.
    pub config: u64,
    /// Milliseconds that the host waits for the answer.
    pub deadline_ms: u64,
    /// The head.
    pub request: Request,
    /// Facts that the phase asks for; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Attributes>,
    /// No body follows; absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<bool>,
}

/// An answer to the client. A binary frame of the message is its body.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Respond {
    /// Status.
    pub status: u64,
    /// Fields; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<Field>>,
    /// The body, as text; only where it is valid UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The body, in base64 with padding (RFC 4648 section 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// A reply's head.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// Status.
    pub status: u64,
    /// Fields that the phase asks for, in the order of the wire; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<Field>>,
}

/// `responseHead`: a reply's head has come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResponseHeadParams {
    /// The exchange, on this connection to this process.
    pub x: u64,
    /// Number of the settings of the use, as `configure` told them; 0: those of `initialize`.
    pub config: u64,
    /// Milliseconds that the host waits for the answer.
    pub deadline_ms: u64,
    /// The head.
    pub response: Response,
    /// Facts that the phase asks for; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Attributes>,
    /// No body follows; absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<bool>,
}

/// `requestTaken` and `responseTaken`, of both sides: bytes that were dealt with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TakenParams {
    /// The exchange, on this connection to this process.
    pub x: u64,
    /// How many.
    pub bytes: u64,
}

/// `tick`: time has gone by.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TickParams {
    /// Number of the settings of the use, as `configure` told them; 0: those of `initialize`.
    pub config: u64,
    /// Milliseconds since 1970.
    pub time: u64,
}

/// How often the clock is told.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TickPhase {
    /// Milliseconds between two, at least 100.
    pub every_ms: u64,
}

/// `unconfigure`: no call will name these settings any more.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UnconfigureParams {
    /// Number that calls carry.
    pub config: u64,
}

/// `unwatchEndpoints`: the endpoints of a cluster are not wanted any more.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UnwatchEndpointsParams {
    /// Number that names it.
    pub watch: u64,
}

/// A host that can be picked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UpstreamHost {
    /// Address with port.
    pub address: String,
    /// Its share against the others; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u64>,
    /// Requests in flight; absent: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<u64>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// What the config or its source says of it; absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, Value>>,
}

/// `watchEndpoints`: the endpoints of a cluster are wanted, now and whenever they change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WatchEndpointsParams {
    /// Number that names it.
    pub watch: u64,
    /// Name of the cluster.
    pub cluster: String,
    /// What the cluster's config has for the plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Value>,
}
