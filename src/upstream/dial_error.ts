import { addressText } from "../base/address.ts";
import { type ErrorCode, ProxyError, upstreamFault } from "../base/error.ts";
import type { Address } from "../platform/types.ts";

/** How one attempt to connect ended. */
export interface Outcome {
  readonly address: Address;
  /** null: there was no answer. */
  readonly error: ProxyError | null;
}

/** Which code stands for several: a refusal is an answer, so it says least of what went wrong elsewhere. */
const PRECEDENCE: readonly ErrorCode[] = ["noDescriptors", "connectTimeout", "connectFailed", "connectRefused"];

/**
 * One error for a host that none of the attempts reached. Code, side and status are those of the gravest one; the message holds each
 * attempt's own, which names its address.
 */
export function dialError(outcomes: readonly Outcome[]): ProxyError {
  let gravest: ProxyError | null = null;
  for (const { error } of outcomes) {
    if (error !== null && (gravest === null || rank(error) < rank(gravest))) gravest = error;
  }
  if (gravest === null) return upstreamFault("connectFailed", 503, "always", `check that the endpoint is up: ${list(outcomes)}`);
  if (outcomes.length === 1) return gravest;
  return new ProxyError(list(outcomes), { ...gravest.facts, retry: "always", cause: gravest });
}

export function dialTimeout(outcomes: readonly Outcome[], ms: number): ProxyError {
  const message = `check that the endpoint is reachable, or raise connectTimeout: no connection after ${ms} ms: ${list(outcomes)}`;
  return upstreamFault("connectTimeout", 504, "always", message);
}

/** No address can be reached from the source address that the cluster asks for. */
export function dialFamilyError(addresses: readonly Address[], source: string): ProxyError {
  const found = addresses.map(addressText).join(", ");
  return upstreamFault(
    "connectFailed",
    503,
    "always",
    `give a source of the endpoint's family: found source "${source}" for ${found}`,
  );
}

function rank(e: ProxyError): number {
  const at = PRECEDENCE.indexOf(e.facts.code);
  return at < 0 ? PRECEDENCE.length : at;
}

/** The attempts' messages; advice that they have in common stands once, in front. */
function list(outcomes: readonly Outcome[]): string {
  const texts = outcomes.map((o) => o.error?.message ?? `${addressText(o.address)} gave no answer`);
  const first = texts[0]!;
  const end = first.indexOf(": ");
  const advice = end < 0 ? null : first.slice(0, end + 2);
  return texts.map((t, i) => (i > 0 && advice !== null && t.startsWith(advice) ? t.slice(advice.length) : t)).join("; ");
}
