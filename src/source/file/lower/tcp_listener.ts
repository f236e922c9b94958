import type { FilterChainSpec, ListenerSpec } from "../../../config/model.ts";
import type { Reporter } from "../problem_list.ts";
import type { TcpListenerConfig } from "../schema/tcp_listener.ts";
import { TlsLowering } from "./listener_tls.ts";
import type { Lowering } from "./lowering.ts";
import { lowerSocket } from "./socket.ts";
import { match, sniChains, tcpHandler } from "./tcp_chains.ts";

export function lowerTcpListener(name: string, c: TcpListenerConfig, to: Lowering, report: Reporter): ListenerSpec {
  return {
    name,
    ...lowerSocket(c, to, report),
    firstBytesMs: c.timeouts.hello,
    silenceMs: c.detectTimeout,
    chains: lowerTcpChains(c, to, report),
  };
}

function lowerTcpChains(c: TcpListenerConfig, to: Lowering, report: Reporter): FilterChainSpec[] {
  const settings = { idleMs: c.timeouts.idle, connectAttempts: c.connectAttempts };
  const tls = c.tls === undefined ? null : new TlsLowering(c.tls, [], to, report);
  const chains = sniChains(c.sni ?? [], tls, settings, report);
  if (c.detect && tls === null)
    report.errorAtKey(["detect"], 'remove "detect": found no "tls", and without it cleartext is taken anyway');
  if (c.to === undefined) {
    if (chains.length === 0) report.error([], 'add "to": found no cluster that the sessions go to');
    if (c.detect && tls !== null) report.errorAtKey(["detect"], 'add "to": found no cluster that cleartext goes to');
    return chains;
  }
  const handler = tcpHandler(c.to, ["to"], settings, report);
  if (tls === null) return [...chains, { match: match({ transport: "any" }), tls: null, handler }];
  chains.push(...tls.chains(handler));
  if (c.detect) chains.push({ match: match({ transport: "plain" }), tls: null, handler });
  return chains;
}
