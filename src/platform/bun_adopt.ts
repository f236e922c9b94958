import { localFault } from "../base/error.ts";
import { BunConn, type BunSocket } from "./bun_conn.ts";
import type { BunNet } from "./bun_net.ts";
import { connectedSocket } from "./connected_socket.ts";
import type { AdoptOptions, Conn, ConnHandler } from "./types.ts";

/** Bun's types miss `fd`. */
type BunConnect = (o: object) => Promise<unknown>;

/** A connection on Bun's own sockets over one that is connected. `callbacks`: those of a connection that is open. */
export function adoptByBun(net: BunNet, callbacks: object, fd: number, o: AdoptOptions, open: (c: Conn) => ConnHandler): Conn {
  const { local, remote } = connectedSocket(net.libc, fd);
  const c = new BunConn(net, NOBODY, o.accepted, o.accepted ? local : remote);
  net.budget.takeOpen();
  const connect = (globalThis as unknown as { Bun: { connect: BunConnect } }).Bun.connect;
  // Bun opens it before the call returns, for there is nothing to wait for.
  connect({ fd, data: c, socket: { ...callbacks, open: onOpen }, allowHalfOpen: true }).catch(ignore);
  if (c.socket === null) {
    net.budget.give();
    throw localFault("internal", 500, `report this: Bun did not take descriptor ${fd} over`);
  }
  if (o.keepAlive) c.socket.setKeepAlive(true, o.keepAlive.idleMs);
  if (o.unread !== undefined && o.unread.length > 0) c.putBack(o.unread);
  try {
    c.handler = open(c);
  } catch (e) {
    c.fault(e);
  }
  return c;
}

function onOpen(socket: BunSocket): void {
  socket.data.socket = socket;
}

const NOBODY: ConnHandler = { onData: ignore, onDrain: ignore, onEnd: ignore, onClose: ignore };
function ignore(): void {}
