import type { ProxyError } from "../base/error.ts";
import type { Reply } from "../filter/types.ts";
import type { Refused } from "../http/h2/server.ts";
import type { AccessRecord } from "../telemetry/access_record.ts";
import { flagOf } from "../telemetry/response_flags.ts";
import type { DownstreamConn } from "./downstream_conn.ts";
import type { Peer } from "./forwarded.ts";
import { grpcStatusOfFault } from "./reply.ts";

/** The access log's record of a request whose head was refused: it never became an exchange. What of its start line was read is told. */
export class RefusedRequest implements AccessRecord {
  readonly startWall: number;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly flags: string;
  readonly scheme: string;
  readonly responseBodyBytes: number;
  readonly grpcStatus: number;
  readonly authority = "";
  readonly protocol = "";
  readonly requestBodyBytes = 0;
  readonly requestHeadBytes = 0;
  readonly responseHeadBytes = 0;
  readonly duration = 0;
  readonly requestDuration = -1;
  readonly upstreamHeadDuration = -1;
  readonly connectDuration = -1;
  readonly route = "";
  readonly cluster = "";
  readonly endpoint = "";
  readonly attempts = 0;
  readonly requestId = "";
  readonly failedPlugin = "";
  readonly #down: DownstreamConn;
  readonly #peer: Peer;

  constructor(down: DownstreamConn, peer: Peer, e: ProxyError, r: Refused, reply: Reply) {
    this.#down = down;
    this.#peer = peer;
    this.startWall = down.site.wall();
    this.method = r.method;
    this.path = r.path;
    this.status = reply.head.status;
    this.grpcStatus = r.grpc ? grpcStatusOfFault(e) : -1;
    this.flags = flagOf(e.facts.code);
    this.scheme = down.codecs.scheme;
    this.responseBodyBytes = reply.body.length;
  }

  get listener(): string {
    return this.#down.listener;
  }
  get remoteAddress(): string {
    return this.#peer.address;
  }
  get remotePort(): number {
    return this.#peer.port;
  }
  get clientAddress(): string {
    return this.#peer.address;
  }
  get localAddress(): string {
    return this.#down.localAddress;
  }
  get connectionId(): number {
    return this.#down.conn.info.id;
  }
  get serverName(): string {
    return this.#down.conn.tls?.serverName ?? "";
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
