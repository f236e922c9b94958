/** One thing that an access log line can hold. */
export interface AccessField {
  readonly name: string;
  /** For docs and the config's schema; no final period. */
  readonly description: string;
  /** How a JSON line shows it. Absent: `-` in text; in JSON "" for strings and null for durations. */
  readonly type: "string" | "number";
}

const field = (name: string, type: "string" | "number", description: string): AccessField =>
  Object.freeze({ name, type, description });

/**
 * Every name that a template or a JSON field list may use. `request.header.NAME` and `response.header.NAME` stand for any field,
 * `metadata.NAMESPACE.KEY` for what plugins and filters have told, `metadata.NAMESPACE` for all of it.
 */
export const ACCESS_FIELDS: readonly AccessField[] = Object.freeze([
  field(
    "time",
    "string",
    "When the request's head was complete, of a session when it was accepted, or its first datagram came; RFC 3339 in UTC with milliseconds",
  ),
  field("time_clf", "string", "The same as the Common Log Format writes it: 31/Jan/2026:23:59:59 +0000"),
  field("time_unix_ms", "number", "The same in milliseconds since 1970"),
  field("listener", "string", "Name of the listener"),
  field("remote_address", "string", "Address of the connection's peer"),
  field("remote_port", "number", "Port of the connection's peer"),
  field("client_address", "string", "Address of the client, told by forwarding fields where the peer is trusted"),
  field("local_address", "string", "Address and port that the client connected to"),
  field("connection_id", "number", "Number of the downstream connection, unique in the process"),
  field("protocol", "string", "HTTP/1.0, HTTP/1.1, HTTP/2, TCP or UDP"),
  field("scheme", "string", "http or https; of a session tls, tcp or udp"),
  field("method", "string", "Method of the request"),
  field("host", "string", "Host and port that the request named; of a TCP session the name in the TLS hello"),
  field("path", "string", "Path and query as matched: normalised, before rewrites"),
  field("status", "number", "Status of the reply; 0: none was begun"),
  field("request_body_bytes", "number", "Bytes of the request's body; of a session those of the client"),
  field("response_body_bytes", "number", "Bytes of the reply's body sent to the client; of a session those of the upstream"),
  field("request_head_bytes", "number", "Bytes of the request's head"),
  field("response_head_bytes", "number", "Bytes of the reply's head sent to the client"),
  field(
    "duration_ms",
    "number",
    "Milliseconds from the complete head to the last byte of the reply; of a session from its beginning to its end, of UDP to its last datagram",
  ),
  field("request_duration_ms", "number", "Milliseconds from the complete head to the last byte of the request"),
  field("upstream_head_duration_ms", "number", "Milliseconds from the upstream request sent to the head of its reply"),
  field("connect_duration_ms", "number", "Milliseconds that the last attempt waited for a connection; 0 when pooled"),
  field("route", "string", "Name of the route"),
  field("cluster", "string", "Name of the cluster"),
  field("endpoint", "string", "Address of the upstream host"),
  field("attempts", "number", "Tries made; 0: none reached an upstream"),
  field("flags", "string", "Why Weir replied or ended the exchange; see the response flags"),
  field("request_id", "string", "X-Request-Id of the exchange"),
  field("grpc_status", "number", "Status of gRPC that the client was told, or takes the reply for; absent for other requests"),
  field("server_name", "string", "Name that the client asked for in its TLS hello"),
  field("failed_plugin", "string", "Name of the plugin whose call failed, several with commas between them; see the flag FF"),
]);

export const REQUEST_HEADER_PREFIX = "request.header.";
export const RESPONSE_HEADER_PREFIX = "response.header.";
export const METADATA_PREFIX = "metadata.";

/** The combined log format, then durations, where the request went, and why it ended as it did. */
export const DEFAULT_TEXT_TEMPLATE: string =
  '{client_address} - - [{time_clf}] "{method} {path} {protocol}" {status} {response_body_bytes} ' +
  '"{request.header.referer}" "{request.header.user-agent}" ' +
  "{host} {request_body_bytes} {duration_ms} {upstream_head_duration_ms} {listener} {route} {cluster} {endpoint} {attempts} {flags} {request_id}";

/** Fields of a JSON line when the config names none. */
export const DEFAULT_JSON_FIELDS: readonly string[] = Object.freeze([
  "time",
  "listener",
  "remote_address",
  "client_address",
  "protocol",
  "method",
  "host",
  "path",
  "status",
  "request_body_bytes",
  "response_body_bytes",
  "duration_ms",
  "upstream_head_duration_ms",
  "connect_duration_ms",
  "route",
  "cluster",
  "endpoint",
  "attempts",
  "flags",
  "request_id",
  "request.header.referer",
  "request.header.user-agent",
]);
