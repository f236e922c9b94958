import type { ClusterSpec } from "../../config/model.ts";
import type { Platform } from "../../platform/types.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import { LONGEST_MS, REFRESH_AT, REFRESH_SPREAD, RETRY_FIRST_MS, RETRY_LAST_MS, SHORTEST_MS } from "./limits.ts";

export type DnsPolicy = ClusterSpec["dns"];

/** What watches have in common. */
export interface WatchEnv {
  readonly platform: Platform;
  readonly log: EventLog;
  readonly cluster: string;
  /** Counts a failure to learn of hosts. */
  readonly failed: () => void;
  /** 0 to below 1: spreads what many would otherwise do at once. */
  readonly random: () => number;
}

/** Milliseconds from an answer whose records live `ttlMs` to the next question: before they end, and never all names at once. */
export function refreshDelay({ minTtlMs, maxTtlMs }: DnsPolicy, ttlMs: number, random: () => number): number {
  const bounded = Math.min(Math.max(Math.min(Math.max(ttlMs, minTtlMs), maxTtlMs), SHORTEST_MS), LONGEST_MS);
  return bounded * (REFRESH_AT + REFRESH_SPREAD * random());
}

/** Milliseconds to the next question after so many failures in a row before this one. */
export function retryDelay(failures: number, random: () => number): number {
  return Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** Math.min(failures, 10)) * (1 - random() / 4);
}

export function samePolicy(a: DnsPolicy, b: DnsPolicy): boolean {
  return (
    a.families === b.families &&
    a.minTtlMs === b.minTtlMs &&
    a.maxTtlMs === b.maxTtlMs &&
    a.servers.length === b.servers.length &&
    a.servers.every((s, i) => s.host === b.servers[i]!.host && s.port === b.servers[i]!.port)
  );
}

/** No such name, or a name without such records: an answer, where all other errors are the lack of one. */
export function isAbsence(e: unknown): boolean {
  const code = codeOf(e);
  return code.endsWith("ENOTFOUND") || code.endsWith("ENODATA");
}

export function errorText(e: unknown): string {
  return codeOf(e) || (e instanceof Error ? e.message : String(e));
}

function codeOf(e: unknown): string {
  const code = e instanceof Error ? (e as { code?: unknown }).code : undefined;
  return typeof code === "string" ? code : "";
}
