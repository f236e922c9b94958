import { CidrSet } from "../base/cidr.ts";
import type { ForwardedSpec } from "../config/model.ts";
import type { Fields } from "../http/fields.ts";
import type { RequestHead } from "../http/head.ts";
import { ID } from "../http/names.ts";
import type { Address, ConnInfo, TlsInfo } from "../platform/types.ts";
import { type PeerCertificate, readPeerCertificate } from "../tls/peer/peer_certificate.ts";
import { forwardedCertificate, XFCC } from "../tls/peer/xfcc.ts";

/** The client of a connection as policy sees it; worked out once a connection. */
export interface Peer {
  /** IP literal without brackets; "unix" for a unix socket. */
  readonly address: string;
  readonly port: number;
  /** Its forwarding fields are believed. */
  readonly trusted: boolean;
  /** The certificate that it showed, verified; null: none. */
  readonly certificate: PeerCertificate | null;
}

const XFF_BITS = (1 << ID["x-forwarded-for"]) | (1 << ID["x-forwarded-proto"]) | (1 << ID["x-forwarded-host"]);

/** `ForwardedSpec` in force: who is believed, and what upstreams are told of the client (RFC 7239, RFC 9110 7.6.3). */
export class ForwardedPolicy {
  readonly #spec: ForwardedSpec;
  readonly #trusted: CidrSet;
  readonly #via: string;

  constructor(spec: ForwardedSpec, pseudonym: string) {
    this.#spec = spec;
    this.#trusted = new CidrSet(spec.trusted);
    this.#via = ` ${pseudonym}`;
  }

  peer(info: ConnInfo, tls: TlsInfo | null): Peer {
    const { remote } = info;
    const certificate = tls === null || tls.peerChain.length === 0 ? null : readPeerCertificate(tls.peerChain);
    if (remote.kind === "unix") return { address: "unix", port: 0, trusted: this.#trusted.hasUnix, certificate };
    const trusted = this.#trusted.size > 0 && this.#trusted.has(remote.host);
    return { address: remote.host, port: remote.port, trusted, certificate };
  }

  /** The address that the first believed hop names: the last one of X-Forwarded-For that is not trusted itself. */
  clientAddress(peer: Peer, head: RequestHead): string {
    if (!peer.trusted || !head.fields.hasId(ID["x-forwarded-for"])) return peer.address;
    const list = head.fields.list("x-forwarded-for");
    if (list === null) return peer.address;
    const hops = list.split(",");
    let client = peer.address;
    for (let i = hops.length - 1; i >= 0; i--) {
      const hop = hops[i]!.trim();
      if (!this.#trusted.isAddress(hop)) return client;
      client = hop;
      if (!this.#trusted.has(hop)) return client;
    }
    return client;
  }

  /**
   * Writes the forwarding fields of a request that goes on to an upstream. Returns its request id, "" when it has none. `authority`: what the
   * client asked for, whatever it has become; `madeId`: it has an id already.
   */
  apply(peer: Peer, head: RequestHead, info: ConnInfo, authority = head.authority, madeId = ""): string {
    const s = this.#spec;
    const f = head.fields;
    if (s.xForwarded === "set") this.#setX(peer, head, authority);
    else if (s.xForwarded === "remove" && (f.mask & XFF_BITS) !== 0) removeX(f);
    if (s.forwarded === "set") this.#setForwarded(peer, head, info.local, authority);
    else if (s.forwarded === "remove" && f.hasId(ID.forwarded)) f.remove("forwarded");
    if (peer.certificate !== null || f.hasId(ID[XFCC])) this.#setCertificate(peer, f);
    if (s.via) addVia(f, head.protocol, this.#via);
    return madeId === "" ? this.readRequestId(peer, f) : madeId;
  }

  /** Via on a response. */
  applyResponse(f: Fields): void {
    if (this.#spec.via) addVia(f, "HTTP/1.1", this.#via);
  }

  /** Gives a request the id that it goes on with, "" for none. */
  readRequestId(peer: Peer, f: Fields): string {
    const policy = this.#spec.requestId;
    const received = f.hasId(ID["x-request-id"]) ? (f.get("x-request-id") ?? "") : "";
    if (policy === "keep") return received;
    if (policy === "remove") {
      f.remove("x-request-id");
      return "";
    }
    if (policy === "set" && peer.trusted && received !== "") return received;
    if (f.hasId(ID["x-request-id"])) f.remove("x-request-id");
    const id = crypto.randomUUID();
    f.add("X-Request-Id", id);
    return id;
  }

  #setX(peer: Peer, head: RequestHead, authority: string): void {
    const f = head.fields;
    const received = (f.mask & XFF_BITS) !== 0;
    if (received && peer.trusted) {
      const before = f.list("x-forwarded-for");
      f.set("X-Forwarded-For", before === null ? peer.address : `${before}, ${peer.address}`);
      if (!f.hasId(ID["x-forwarded-proto"])) f.add("X-Forwarded-Proto", head.scheme);
      if (!f.hasId(ID["x-forwarded-host"]) && authority !== "") f.add("X-Forwarded-Host", authority);
      return;
    }
    if (received) removeX(f);
    f.add("X-Forwarded-For", peer.address);
    f.add("X-Forwarded-Proto", head.scheme);
    if (authority !== "") f.add("X-Forwarded-Host", authority);
  }

  #setForwarded(peer: Peer, head: RequestHead, local: Address, authority: string): void {
    const f = head.fields;
    const before = peer.trusted ? f.list("forwarded") : null;
    const element = `for=${node(peer.address)};by=${node(local.kind === "tcp" ? local.host : "unix")};host=${quoted(authority)};proto=${head.scheme}`;
    f.set("Forwarded", before === null ? element : `${before}, ${element}`);
  }

  #setCertificate(peer: Peer, f: Fields): void {
    const received = f.list(XFCC);
    const value = forwardedCertificate(this.#spec.clientCertificate, received, peer.certificate, []);
    if (received !== null) f.remove(XFCC);
    if (value !== null) f.add("X-Forwarded-Client-Cert", value);
  }
}

function removeX(f: Fields): void {
  f.remove("x-forwarded-for");
  f.remove("x-forwarded-proto");
  f.remove("x-forwarded-host");
}

/** RFC 9110 7.6.3: received protocol version, then the pseudonym; appended to what is there. */
function addVia(f: Fields, protocol: string, pseudonym: string): void {
  const element = protocol.slice(protocol.indexOf("/") + 1) + pseudonym;
  const before = f.hasId(ID.via) ? f.list("via") : null;
  if (before === null) f.add("Via", element);
  else f.set("Via", `${before}, ${element}`);
}

/** RFC 7239 6: an IPv6 address is quoted and in brackets. */
function node(address: string): string {
  return address.includes(":") ? `"[${address}]"` : address;
}

function quoted(s: string): string {
  return `"${s.replace(/["\\]/g, "\\$&")}"`;
}
