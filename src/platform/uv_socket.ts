import type { Server } from "node:net";
import { NO_BYTES } from "../base/bytes.ts";
import { AcceptRetry } from "./accept_retry.ts";
import { ShedNotice } from "./shed_notice.ts";
import type { AdoptOptions, Conn, ConnHandler, DialHandler, DialOptions, ListenOptions, TcpAddress } from "./types.ts";
import type { UvServer, UvTcp } from "./uv_binding.ts";
import { CONNECT, UvConn } from "./uv_conn.ts";
import type { UvNet } from "./uv_net.ts";

/** Opens a handle and connects it. */
export function dialUv(net: UvNet, to: TcpAddress, o: DialOptions, h: DialHandler): { cancel(): void } {
  const handle = net.binding.open();
  const c = new UvConn(net, handle, h, false, to);
  c.keepAliveMs = o.keepAlive ? o.keepAlive.idleMs : 0;
  c.dialing = o;
  if (!net.budget.takeForDial()) {
    c.refuse();
    return c;
  }
  let status = o.source === undefined ? 0 : bind(handle, o.source);
  if (status === 0)
    status = isIpv6(to.host) ? handle.connect6(CONNECT, to.host, to.port) : handle.connect(CONNECT, to.host, to.port);
  if (status !== 0) c.dialFailed(net.binding.name(status));
  return c;
}

/** A connection over a socket that is connected; null: the runtime does not take it. */
export function adoptUv(net: UvNet, fd: number, at: TcpAddress, o: AdoptOptions, open: (c: Conn) => ConnHandler): Conn | null {
  const handle = net.binding.open();
  if (handle.open(fd) !== 0) {
    handle.close();
    return null;
  }
  net.budget.takeOpen();
  const c = new UvConn(net, handle, NOBODY, o.accepted, at);
  c.keepAliveMs = o.keepAlive ? o.keepAlive.idleMs : 0;
  c.adopted();
  try {
    c.handler = open(c);
  } catch (e) {
    c.fault(e);
  }
  c.startWith(o.unread ?? NO_BYTES);
  return c;
}

/** The handle that a listening server drives. */
export function serverHandle(server: Server): UvServer {
  return (server as unknown as { _handle: UvServer })._handle;
}

/** Takes over what the server would make a `Socket` of. */
export function acceptUv(net: UvNet, server: UvServer, at: TcpAddress, o: ListenOptions, accept: (c: Conn) => ConnHandler): void {
  const keepAliveMs = o.keepAlive ? o.keepAlive.idleMs : 0;
  const notice = new ShedNotice(at, o.onError);
  const retry = new AcceptRetry(server, net.budget);
  server.onconnection = (status) => {
    const handle = net.binding.open();
    if (status !== 0 || server.accept(handle) !== 0) {
      handle.close();
      notice.shed();
      retry.shed();
      return;
    }
    if (!net.budget.takeForAccept()) {
      handle.reset();
      handle.close();
      notice.shed();
      retry.shed();
      return;
    }
    const c = new UvConn(net, handle, NOBODY, true, at);
    c.keepAliveMs = keepAliveMs;
    try {
      c.handler = accept(c);
    } catch (e) {
      c.fault(e);
    }
    c.start();
    retry.accepted();
  };
}

function bind(handle: UvTcp, host: string): number {
  return isIpv6(host) ? handle.bind6(host, 0, 0) : handle.bind(host, 0);
}

function isIpv6(host: string): boolean {
  return host.includes(":");
}

const NOBODY: ConnHandler = { onData: ignore, onDrain: ignore, onEnd: ignore, onClose: ignore };
function ignore(): void {}
