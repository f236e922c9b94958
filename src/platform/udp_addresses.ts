import type { TcpAddress } from "../base/address.ts";
import { AF_INET, AF_INET6, decodeSocketAddress, encodeSocketAddress } from "./socket_address.ts";
import { tcpAddress } from "./tcp_address.ts";
import { NAME_BYTES, type UdpMessages } from "./udp_messages.ts";
import type { UdpPeer, UdpSource } from "./udp_types.ts";

const IN_BYTES = 16;
const PKTINFO = 8;
const IPV6_PKTINFO = 50;
const IPPROTO_IP = 0;
const IPPROTO_IPV6 = 41;
const CONTROL_HEAD = 16;
/** Up to here a local address is part of a flow's number, whose 53 bits then hold five of it, 32 of IPv4 and 16 of the port. */
const NUMBERED_LOCALS = 32;
/** Addresses of this host that are told apart: all of 127.0.0.0/8 is this host's. */
const MOST_LOCALS = 4096;

/** Both ends of a flow as the system's calls take them. */
export class RawPeer implements UdpPeer {
  readonly family: number;
  /** struct sockaddr of the sender. */
  readonly name: Uint8Array;
  /** The address here, 4 or 16 bytes; null: the socket's own. */
  readonly destination: Uint8Array | null;
  readonly #bound: TcpAddress;

  constructor(family: number, name: Uint8Array, destination: Uint8Array | null, bound: TcpAddress) {
    this.family = family;
    this.name = name;
    this.destination = destination;
    this.#bound = bound;
  }

  get remote(): TcpAddress {
    return plain(this.name);
  }

  get local(): TcpAddress {
    return this.destination === null ? this.#bound : plain(this.localName());
  }

  /** struct sockaddr of the end here. */
  localName(): Uint8Array {
    const { destination } = this;
    if (destination === null) {
      const host = this.#bound.host === "" ? "::" : this.#bound.host;
      const shown = this.family === AF_INET6 && !host.includes(":") ? `::ffff:${host}` : host;
      return encodeSocketAddress({ ...this.#bound, host: shown }).bytes;
    }
    const name = new Uint8Array(this.family === AF_INET ? IN_BYTES : NAME_BYTES);
    const view = new DataView(name.buffer);
    view.setUint16(0, this.family, true);
    view.setUint16(2, this.#bound.port);
    name.set(destination, this.family === AF_INET ? 4 : 8);
    // A link-local address is one of an interface, which the sender's names too.
    if (this.family === AF_INET6) name.set(this.name.subarray(24, 28), 24);
    return name;
  }
}

/** Reads who sent the datagrams of a batch. One a port: it numbers the addresses of this host that it has seen. */
export class RawSource implements UdpSource {
  readonly #messages: UdpMessages;
  readonly #bound: TcpAddress;
  readonly #locals = new Map<number | string, number>();
  #index = 0;

  constructor(messages: UdpMessages, bound: TcpAddress) {
    this.#messages = messages;
    this.#bound = bound;
  }

  at(index: number): this {
    this.#index = index;
    return this;
  }

  get flow(): number | string {
    const { view } = this.#messages;
    const at = this.#messages.nameAt(this.#index);
    const family = view.getUint16(at, true);
    const local = this.#local();
    const port = view.getUint16(at + 2);
    if (local < NUMBERED_LOCALS) {
      if (family === AF_INET) return flowNumber(local, view.getUint32(at + 4), port);
      if (isMapped(view, at + 8)) return flowNumber(local, view.getUint32(at + 20), port);
    }
    // Not the flow label, which is no part of an address.
    const words: number[] = [local, port];
    const from = family === AF_INET ? at + 4 : at + 8;
    const to = family === AF_INET ? at + 8 : at + NAME_BYTES;
    for (let i = from; i < to; i += 2) words.push(view.getUint16(i));
    return String.fromCharCode(...words);
  }

  /** Whether it came from the other end of `p`. */
  isOf(p: RawPeer): boolean {
    const at = this.#messages.nameAt(this.#index);
    const { bytes } = this.#messages;
    for (let i = 0; i < p.name.length; i++)
      if (bytes[at + i] !== p.name[i] && (i < 4 || i > 7 || p.family === AF_INET)) return false;
    return true;
  }

  peer(): RawPeer {
    const { bytes, view } = this.#messages;
    const at = this.#messages.nameAt(this.#index);
    const family = view.getUint16(at, true);
    const name = bytes.slice(at, at + (family === AF_INET ? IN_BYTES : NAME_BYTES));
    const to = this.#destinationAt();
    const destination = to < 0 ? null : bytes.slice(to, to + (family === AF_INET ? 4 : 16));
    return new RawPeer(family, name, destination, this.#bound);
  }

  /** Where the address stands that the datagram came to; -1: it was not told. */
  #destinationAt(): number {
    const m = this.#messages;
    if (m.controlSizeOf(this.#index) < CONTROL_HEAD) return -1;
    const at = m.controlAt(this.#index);
    const level = m.view.getInt32(at + 8, true);
    const type = m.view.getInt32(at + 12, true);
    // ip(7): of struct in_pktinfo the second field, which is where an answer leaves from also when the datagram was a broadcast.
    if (level === IPPROTO_IP && type === PKTINFO) return at + CONTROL_HEAD + 4;
    return level === IPPROTO_IPV6 && type === IPV6_PKTINFO ? at + CONTROL_HEAD : -1;
  }

  #local(): number {
    const at = this.#destinationAt();
    if (at < 0) return 0;
    const { view } = this.#messages;
    const four = view.getUint16(this.#messages.nameAt(this.#index), true) === AF_INET;
    const key = four
      ? view.getUint32(at)
      : isMapped(view, at)
        ? view.getUint32(at + 12)
        : `${view.getBigUint64(at)}.${view.getBigUint64(at + 8)}`;
    const known = this.#locals.get(key);
    if (known !== undefined) return known;
    const next = Math.min(this.#locals.size, MOST_LOCALS);
    if (next < MOST_LOCALS) this.#locals.set(key, next);
    return next;
  }
}

/** Writes where a datagram goes, and from which address, into a message to be sent. */
export function putPeer(m: UdpMessages, i: number, length: number, to: RawPeer): void {
  m.bytes.set(to.name, m.nameAt(i));
  const { destination } = to;
  if (destination === null) {
    m.prepare(i, length, to.name.length, 0);
    return;
  }
  const at = m.controlAt(i);
  const four = to.family === AF_INET;
  const size = CONTROL_HEAD + (four ? 12 : 20);
  m.bytes.fill(0, at, at + 40);
  m.view.setUint32(at, size, true);
  m.view.setInt32(at + 8, four ? IPPROTO_IP : IPPROTO_IPV6, true);
  m.view.setInt32(at + 12, four ? PKTINFO : IPV6_PKTINFO, true);
  m.bytes.set(destination, at + CONTROL_HEAD + (four ? 4 : 0));
  m.prepare(i, length, to.name.length, four ? 32 : 40);
}

function flowNumber(local: number, ip: number, port: number): number {
  return (local * 0x1_0000_0000 + ip) * 0x1_0000 + port;
}

/** RFC 4291 2.5.5.2: what a dual-stack socket makes of IPv4. */
function isMapped(view: DataView, at: number): boolean {
  return view.getUint32(at + 8) === 0xffff && view.getUint32(at + 4) === 0 && view.getUint32(at) === 0;
}

function plain(name: Uint8Array): TcpAddress {
  const a = decodeSocketAddress(name);
  return a?.kind === "tcp" ? tcpAddress(a.host, a.port) : tcpAddress(undefined, 0);
}
