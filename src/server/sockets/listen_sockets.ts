import type { ListenerSpec, UdpListenerSpec } from "../../config/model.ts";
import type { Conn, ConnHandler, HeldUdp, Listener, ListenOptions, TcpAddress } from "../../platform/types.ts";
import type { Foreign, HeldSocket } from "./held_socket.ts";

export interface UdpPlace {
  readonly at: TcpAddress | HeldUdp;
  readonly foreign?: Foreign;
}

/** The place of a socket that is there. */
export function placeOf({ fd, foreign }: HeldSocket): UdpPlace {
  return { at: { fd }, ...(foreign === undefined ? {} : { foreign }) };
}

/** Where listeners get their sockets. */
export interface ListenSockets {
  /** An address can be had only when nothing else listens on one that overlaps it. */
  readonly exclusive: boolean;
  /** One socket, or several that share an address. Rejects with a ProxyError when the address can't be had; then none is open. */
  open(spec: ListenerSpec, o: ListenOptions, accept: (c: Conn) => ConnHandler): Promise<readonly Listener[]>;
  /** What a listener of datagrams binds, or has already; descriptors belong to whoever asked. None: others read what comes to its address. */
  udp(spec: UdpListenerSpec): readonly UdpPlace[];
}
