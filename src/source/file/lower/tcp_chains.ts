import type { ChainMatchSpec, FilterChainSpec, TcpHandlerSpec } from "../../../config/model.ts";
import type { Reporter } from "../problem_list.ts";
import type { ToConfig } from "../schema/action.ts";
import type { SniConfig } from "../schema/sni.ts";
import type { Path } from "../tree.ts";
import { lowerTargets } from "./action.ts";
import type { TlsLowering } from "./listener_tls.ts";

/** Hosts that are tried for a session where the config has no key for it. */
const CONNECT_ATTEMPTS = 3;

/** What the sessions of a listener have in common. */
export interface SessionSettings {
  readonly idleMs: number | null;
  readonly connectAttempts?: number;
}

export function tcpHandler(to: ToConfig, at: Path, s: SessionSettings, report: Reporter): TcpHandlerSpec {
  return {
    kind: "tcp",
    to: lowerTargets(to, at, report),
    idleMs: s.idleMs,
    connectAttempts: s.connectAttempts ?? CONNECT_ATTEMPTS,
  };
}

export function match(m: Partial<ChainMatchSpec> & Pick<ChainMatchSpec, "transport">): ChainMatchSpec {
  return { serverNames: [], alpn: [], sources: [], ...m };
}

/** A chain for each entry of `sni`. `tls` null: the listener ends no TLS. */
export function sniChains(
  rules: readonly SniConfig[],
  tls: TlsLowering | null,
  settings: SessionSettings,
  report: Reporter,
): FilterChainSpec[] {
  const seen = new Map<string, number>();
  return rules.map((rule, i) => {
    const at: Path = ["sni", i];
    const serverNames = rule.names === undefined ? [] : [...new Set([rule.names].flat())];
    const found = match({ transport: "tls", serverNames, alpn: rule.alpn ?? [], sources: [...new Set(rule.from?.flat())] });
    const key = JSON.stringify([serverNames, found.alpn, found.sources]);
    const before = seen.get(key);
    if (before !== undefined)
      report.error(
        at,
        `change or remove the entry: the one at ${report.whereIs(["sni", before])} takes the same connections first`,
      );
    seen.set(key, i);
    const handler = tcpHandler(rule.to, [...at, "to"], settings, report);
    if (rule.mode === "passthrough") return { match: found, tls: null, handler };
    if (tls === null) {
      report.error([...at, "mode"], 'add "tls" to the listener: found none, and terminate takes its certificates');
      return { match: found, tls: null, handler };
    }
    return { match: found, tls: tls.forSessions(serverNames, found.alpn, at), handler };
  });
}
