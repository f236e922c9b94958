import type { ConnInfo } from "../platform/types.ts";
import type { AccessRecord } from "../telemetry/access_record.ts";

/** What a session of TCP or UDP tells the access log. It is the log's record itself, so that nothing is copied for a line. */
export abstract class SessionRecord implements AccessRecord {
  readonly startWall: number;
  readonly listener: string;
  readonly protocol: "TCP" | "UDP";
  readonly serverName: string;
  readonly scheme: string;
  requestBodyBytes = 0;
  responseBodyBytes = 0;
  duration = 0;
  connectDuration = -1;
  cluster = "";
  endpoint = "";
  attempts = 0;
  flags = "";
  // What only HTTP has.
  readonly method = "";
  readonly path = "";
  readonly status = 0;
  readonly requestHeadBytes = 0;
  readonly responseHeadBytes = 0;
  readonly requestDuration = -1;
  readonly upstreamHeadDuration = -1;
  readonly route = "";
  readonly requestId = "";
  readonly grpcStatus = -1;
  readonly failedPlugin = "";
  /** Both ends as the session sees them. */
  readonly #info: ConnInfo;

  /** `serverName` null: no TLS was seen. */
  constructor(startWall: number, listener: string, info: ConnInfo, serverName: string | null, protocol: "TCP" | "UDP" = "TCP") {
    this.protocol = protocol;
    this.startWall = startWall;
    this.listener = listener;
    this.#info = info;
    this.serverName = serverName ?? "";
    this.scheme = protocol === "UDP" ? "udp" : serverName === null ? "tcp" : "tls";
  }

  get authority(): string {
    return this.serverName;
  }
  get remoteAddress(): string {
    const { remote } = this.#info;
    return remote.kind === "tcp" ? remote.host : "unix";
  }
  get remotePort(): number {
    const { remote } = this.#info;
    return remote.kind === "tcp" ? remote.port : 0;
  }
  get clientAddress(): string {
    return this.remoteAddress;
  }
  get localAddress(): string {
    const { local } = this.#info;
    return local.kind === "tcp" ? `${local.host}:${local.port}` : `unix:${local.path}`;
  }
  get connectionId(): number {
    return this.#info.id;
  }
  requestField(_name: string): string {
    return "";
  }
  responseField(_name: string): string {
    return "";
  }
  metadataText(_namespace: string, _key: string): string {
    return "";
  }
}
