import type { TcpAddress } from "../base/address.ts";

/** Why a datagram was not sent, or what was told of one that was. */
export type UdpFault =
  /** The send buffer or the system's memory has no room now. */
  | "full"
  /** Longer than what can go there. */
  | "tooBig"
  /** Nobody has the port there (ICMP port unreachable, RFC 1122 4.1.3.3). */
  | "refused"
  /** No way there. */
  | "unreachable"
  /** Anything else, such as a firewall of this host. */
  | "failed";

/** Both ends of a flow, as the socket that it comes through knows them. */
export interface UdpPeer {
  readonly remote: TcpAddress;
  /** The address here that the peer sends to, which answers leave from. Where the system does not tell: the one that the socket is bound to. */
  readonly local: TcpAddress;
}

/** Who sent a datagram. It is the port's own and good for the call that tells of it. */
export interface UdpSource {
  /** The same for all datagrams of one flow: the sender's address and port, and the address here that they were sent to. */
  readonly flow: number | string;
  /** Both ends, to be kept and answered. */
  peer(): UdpPeer;
}

/** Never called from inside `send`. A throw is told to the platform's owner, and the port goes on. */
export interface UdpHandler {
  /** `b` is the port's own memory and good until this returns; `now`: the platform's clock when it was read. */
  onDatagram(b: Uint8Array, from: UdpSource, now: number): void;
  /** What the system tells of a connected port beside its calls. The port goes on. */
  onError(why: UdpFault): void;
  /** Datagrams that `send` took, and the system then did not. */
  onLost(why: UdpFault, datagrams: number): void;
}

export interface UdpOptions {
  /** SO_REUSEPORT: several processes share the address; the system spreads flows over their sockets. */
  readonly reusePort?: boolean;
  /** Only IPv6 when bound to an IPv6 address. */
  readonly ipv6Only?: boolean;
  /** Bytes that the system may keep for the socket, each way; it has a limit of its own (net.core.rmem_max). Absent: its default. */
  readonly receiveBuffer?: number;
  readonly sendBuffer?: number;
}

/** A datagram socket that is there already and bound. The descriptor belongs to the port from the call on. */
export interface HeldUdp {
  readonly fd: number;
}

/** A datagram socket. It reads from `start` on; what comes before waits in the system's buffer. */
export interface UdpPort {
  /** The address in force, its port filled in. */
  readonly address: TcpAddress;
  /** The socket's own descriptor, as `Listener.descriptor`. Null: not known on this runtime. */
  readonly descriptor: number | null;
  start(): void;
  /**
   * Sends to a peer that this port told of, from the address that the peer knows; null: to whom the port is connected. The bytes are
   * taken before this returns. Null: sent, or taken to be sent in this turn together with others.
   */
  send(b: Uint8Array, to: UdpPeer | null): UdpFault | null;
  /** Tells of what waits now, of so many datagrams at most; how many there were. Not from inside of a handler. */
  read(datagrams: number): number;
  /** Reads no more, for somebody else is to read from the same socket; sending goes on. */
  stop(): void;
  /** Whether other sockets may share the address, which `split` needs of all that have it. Any process of this host could: let it be for a moment. */
  share(on: boolean): void;
  /**
   * A port of the flow's own with the same two ends, which gets what its peer sends from now on in place of this one, also when another
   * process reads from this one's socket. It has started. What others had sent meanwhile is told to this port's handler. Null: it can't be
   * had, for want of rights, descriptors, or of a way on this runtime.
   */
  split(peer: UdpPeer, h: UdpHandler): UdpPort | null;
  /** Datagrams that the system has dropped for want of room in the receive buffer since the socket was made; null: not known. */
  dropped(): number | null;
  /** The last call; nothing is told afterwards. */
  close(): void;
}
