import type { ListenerSpec, UdpListenerSpec } from "../config/model.ts";
import { same } from "./same.ts";

/** Whether a listening socket serves both. */
export function sameSocket(a: ListenerSpec, b: ListenerSpec): boolean {
  return same(socketOf(a), socketOf(b));
}

/** A socket whose connections may be TLS ones is another one on some runtimes; connections of HTTP can't go on where nothing serves them. */
function socketOf(l: ListenerSpec): unknown {
  return [
    l.bind,
    l.backlog,
    l.mode,
    l.keepAliveMs,
    l.transparent,
    l.chains.some((c) => c.tls !== null),
    l.chains.some((c) => c.handler.kind === "http"),
  ];
}

export function sameUdpSocket(a: UdpListenerSpec, b: UdpListenerSpec): boolean {
  return same(udpSocketOf(a), udpSocketOf(b));
}

/** Port 0 is one of the listener's own. */
function udpSocketOf(l: UdpListenerSpec): unknown {
  return [l.bind, l.receiveBuffer, l.sendBuffer, l.bind.port === 0 ? l.name : ""];
}
