import { type ErrorCode, ProxyError, upstreamFault } from "../base/error.ts";
import type { Address } from "../platform/types.ts";
import { addressLabel } from "./host.ts";

/** How one attempt to connect ended. */
export interface Outcome {
  readonly address: Address;
  /** null: there was no answer. */
  readonly error: ProxyError | null;
}

/** Which code stands for several: a refusal is an answer, so it says least of what went wrong elsewhere. */
const PRECEDENCE: readonly ErrorCode[] = ["noDescriptors", "connectTimeout", "connectFailed", "connectRefused"];

/** One error for a host that none of the attempts reached: code, side and status of the gravest one, each address in the message. */
export function dialError(outcomes: readonly Outcome[]): ProxyError {
  let gravest: ProxyError | null = null;
  for (const { error } of outcomes) {
    if (error !== null && (gravest === null || rank(error) < rank(gravest))) gravest = error;
  }
  const message = `Look whether the endpoint is up: could not connect to ${list(outcomes)}`;
  if (gravest === null) return upstreamFault("connectFailed", 503, "always", message);
  return new ProxyError(message, { ...gravest.facts, retry: "always", cause: gravest });
}

export function dialTimeout(outcomes: readonly Outcome[], ms: number): ProxyError {
  const message = `Look whether the endpoint is reachable, or raise connectTimeout: not connected after ${ms} ms to ${list(outcomes)}`;
  return upstreamFault("connectTimeout", 504, "always", message);
}

/** No address can be reached from the source address that the cluster asks for. */
export function dialFamilyError(addresses: readonly Address[], source: string): ProxyError {
  const found = addresses.map(addressLabel).join(", ");
  return upstreamFault(
    "connectFailed",
    503,
    "always",
    `Give a source of the endpoint's family: found source "${source}" for ${found}`,
  );
}

function rank(e: ProxyError): number {
  const at = PRECEDENCE.indexOf(e.facts.code);
  return at < 0 ? PRECEDENCE.length : at;
}

function list(outcomes: readonly Outcome[]): string {
  return outcomes.map((o) => `${addressLabel(o.address)} (${o.error === null ? "no answer" : o.error.message})`).join(", ");
}
