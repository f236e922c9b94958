import type { ListenerSpec } from "../../config/model.ts";
import type { Conn, ConnHandler, Listener, ListenOptions } from "../../platform/types.ts";

/** Where listeners get their sockets. */
export interface ListenSockets {
  /** An address can be had only when nothing else listens on one that overlaps it. */
  readonly exclusive: boolean;
  /** One socket, or several that share an address. Rejects with a ProxyError when the address can't be had; then none is open. */
  open(spec: ListenerSpec, o: ListenOptions, accept: (c: Conn) => ConnHandler): Promise<readonly Listener[]>;
}
