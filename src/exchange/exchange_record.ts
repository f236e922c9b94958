import { Timed } from "../base/timer_wheel.ts";
import type { ClientCertificate, Override } from "../filter/types.ts";
import { type Fields, STRIDE } from "../http/fields.ts";
import type { RequestHead, ResponseHead } from "../http/head.ts";
import type { ConnInfo } from "../platform/types.ts";
import type { AccessRecord } from "../telemetry/access_record.ts";
import type { DownstreamConn } from "./downstream_conn.ts";
import { ExchangeExtras } from "./exchange_extras.ts";
import type { Peer } from "./forwarded.ts";
import { metadataText } from "./metadata_text.ts";

/** What an exchange tells of itself, to filters and to the access log, whose record it is, so that nothing is copied for a line. */
export abstract class ExchangeRecord extends Timed implements AccessRecord {
  readonly down: DownstreamConn;
  readonly peer: Peer;
  head!: RequestHead;

  startWall = 0;
  method = "";
  authority = "";
  path = "";
  protocol = "";
  scheme = "";
  status = 0;
  requestBodyBytes = 0;
  responseBodyBytes = 0;
  duration = 0;
  requestDuration = -1;
  upstreamHeadDuration = -1;
  connectDuration = -1;
  route = "";
  cluster = "";
  endpoint = "";
  attempts = 0;
  flags = "";
  requestId = "";
  grpcStatus = -1;
  response: ResponseHead | null = null;
  /** null: no filter has asked for any of it. */
  protected extras: ExchangeExtras | null = null;

  constructor(down: DownstreamConn, peer: Peer) {
    super();
    this.down = down;
    this.peer = peer;
  }

  mark(flag: string): void {
    this.flags = this.flags === "" ? flag : `${this.flags},${flag}`;
  }

  get request(): RequestHead {
    return this.head;
  }
  get conn(): ConnInfo {
    return this.down.conn.info;
  }
  get listener(): string {
    return this.down.listener;
  }
  get remoteAddress(): string {
    return this.peer.address;
  }
  get remotePort(): number {
    return this.peer.port;
  }
  get clientAddress(): string {
    return this.down.site.forwarded.clientAddress(this.peer, this.head);
  }
  get localAddress(): string {
    return this.down.localAddress;
  }
  get connectionId(): number {
    return this.down.conn.info.id;
  }
  get requestHeadBytes(): number {
    return headBytes(this.head.fields);
  }
  get responseHeadBytes(): number {
    return this.response === null ? 0 : headBytes(this.response.fields);
  }
  get tlsVersion(): string {
    return this.down.conn.tls?.version ?? "";
  }
  get certificate(): ClientCertificate | null {
    return this.peer.certificate;
  }
  get id(): number {
    return this.#extras.id;
  }
  get override(): Override {
    return this.#extras.override;
  }
  metadata(namespace: string): Map<string, unknown> {
    return this.#extras.metadata(namespace);
  }
  findMetadata(namespace: string): ReadonlyMap<string, unknown> | null {
    return this.extras === null ? null : this.extras.findMetadata(namespace);
  }
  metadataText(namespace: string, key: string): string {
    return this.extras === null ? "" : metadataText(this.extras.findMetadata(namespace), key);
  }
  get failedPlugin(): string {
    return this.extras === null ? "" : this.extras.failedPlugin;
  }
  pluginFailed(name: string): void {
    const extras = this.#extras;
    extras.failedPlugin = extras.failedPlugin === "" ? name : `${extras.failedPlugin},${name}`;
  }
  get #extras(): ExchangeExtras {
    this.extras ??= new ExchangeExtras();
    return this.extras;
  }
  get serverName(): string {
    return this.down.conn.tls?.serverName ?? "";
  }
  requestField(name: string): string {
    return this.head.fields.get(name) ?? "";
  }
  responseField(name: string): string {
    return this.response?.fields.get(name) ?? "";
  }
}

/** Bytes of a received head: its last field line ends it but for the empty line. */
function headBytes(f: Fields): number {
  const s = f.spans;
  return s.length === 0 ? 0 : s[s.length - STRIDE + 3]! + 4;
}
