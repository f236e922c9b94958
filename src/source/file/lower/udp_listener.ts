import type { UdpListenerSpec } from "../../../config/model.ts";
import type { Reporter } from "../problem_list.ts";
import type { UdpListenerConfig } from "../schema/udp_listener.ts";
import { lowerTargets } from "./action.ts";
import { lowerRate } from "./socket.ts";

/** null: it has no address that datagrams could come to. */
export function lowerUdpListener(name: string, c: UdpListenerConfig, report: Reporter): UdpListenerSpec | null {
  const to = lowerTargets(c.to, ["to"], report);
  if (c.address.kind === "unix") {
    report.error(["address"], "give a host and a port: found a unix socket, and datagrams of UDP come to none");
    return null;
  }
  return {
    name,
    bind: { ...c.address, kind: "udp" },
    sources: { allow: [...new Set(c.allow?.flat())], deny: [...new Set(c.deny?.flat())] },
    connectionRate: lowerRate(c.sessionRate),
    maxSessions: c.maxSessions,
    maxDatagram: c.maxDatagram,
    receiveBuffer: c.receiveBuffer,
    sendBuffer: c.sendBuffer ?? null,
    to,
    balance: c.balance,
    idleMs: c.timeouts.idle,
    replies: c.replies ?? null,
  };
}
