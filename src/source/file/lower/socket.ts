import type { ListenerSpec, ProxyHeadersSpec, RateSpec } from "../../../config/model.ts";
import type { Reporter } from "../problem_list.ts";
import type { RateConfig, SocketConfig } from "../schema/socket.ts";
import type { Lowering } from "./lowering.ts";

type SocketSpec = Pick<
  ListenerSpec,
  "bind" | "backlog" | "mode" | "keepAliveMs" | "maxConnections" | "connectionRate" | "sources" | "transparent" | "proxyHeaders"
>;

/** What all listeners have, whatever they carry. */
export function lowerSocket(c: SocketConfig, to: Lowering, report: Reporter): SocketSpec {
  const isUnix = c.address.kind === "unix";
  if (c.mode !== undefined && !isUnix) report.error(["mode"], 'remove "mode": found it for an address that is no unix socket');
  if (c.transparent && isUnix) report.errorAtKey(["transparent"], 'remove "transparent": found it for a unix socket');
  for (const key of ["allow", "deny"] as const)
    if (isUnix && c[key] !== undefined && c.proxyProtocol === undefined)
      report.errorAtKey([key], `remove "${key}": found it for a unix socket, whose clients have no address`);
  const rate = c.connectionRate;
  return {
    bind: to.address(c.address),
    backlog: c.backlog ?? null,
    mode: c.mode ?? null,
    keepAliveMs: c.keepalive,
    maxConnections: c.maxConnections ?? null,
    transparent: c.transparent,
    proxyHeaders: lowerProxyHeaders(c, report),
    sources: { allow: [...new Set(c.allow?.flat())], deny: [...new Set(c.deny?.flat())] },
    connectionRate: lowerRate(rate),
  };
}

function lowerProxyHeaders({ proxyProtocol: c, address }: SocketConfig, report: Reporter): ProxyHeadersSpec | null {
  if (c === undefined) return null;
  const from = [...new Set(c.from.flat())];
  if (address.kind === "unix" && !from.includes("unix"))
    report.error(["proxyProtocol", "from"], 'add "unix": found a unix socket, whose peers have no address');
  if (address.kind !== "unix" && from.includes("unix"))
    report.error(["proxyProtocol", "from"], 'remove "unix": found it for an address that is no unix socket');
  return { from, required: c.required, versions: c.version ?? "any", timeoutMs: c.timeout };
}

export function lowerRate(rate: RateConfig | undefined): RateSpec | null {
  if (rate === undefined) return null;
  return typeof rate === "number"
    ? { perSecond: rate, burst: rate }
    : { perSecond: rate.perSecond, burst: rate.burst ?? rate.perSecond };
}
