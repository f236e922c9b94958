import { addressText } from "../base/address.ts";
import { type ErrorCode, localFault, ProxyError, upstreamFault } from "../base/error.ts";
import type { Address } from "./types.ts";

/** What is asked of whoever makes a platform. */
export interface PlatformOptions {
  /** Told of each throw of a handler, after its connection was destroyed. It must not throw. */
  readonly onFault?: (e: unknown) => void;
}

/** The system's name of an error, such as `ECONNREFUSED`; "" when it has none. */
export function systemCode(e: unknown): string {
  if (typeof e !== "object" || e === null) return "";
  const code: unknown = (e as { code?: unknown }).code;
  return typeof code === "string" ? code : "";
}

/** Whether the system had no descriptor left, for this process (EMFILE) or in all (ENFILE). */
export function outOfDescriptors(e: unknown): boolean {
  const code = systemCode(e);
  return code === "EMFILE" || code === "ENFILE" || /too many open files/i.test(says(e));
}

/** Nothing has been written on a connection that never opened: any request may try again. */
export function dialFault(to: Address, e: unknown): ProxyError {
  const code = systemCode(e);
  const kind: ErrorCode = outOfDescriptors(e)
    ? "noDescriptors"
    : code === "ECONNREFUSED" || (to.kind === "unix" && code === "ENOENT")
      ? "connectRefused"
      : "connectFailed";
  const what =
    kind === "noDescriptors" ? "raise the limit of open files (ulimit -n)" : "check that the upstream is up and reachable";
  return upstreamFault(kind, 503, "always", `${what}: connecting to ${addressText(to)} failed with ${code || says(e)}`, e);
}

/** A bind or listen that failed. */
export function listenFault(at: Address, e: unknown): ProxyError {
  const code = systemCode(e);
  const shown = addressText(at);
  if (code === "EADDRINUSE") {
    return localFault("addressInUse", 500, `choose another address or stop who listens there: ${shown} is in use`, e);
  }
  const what = code === "EACCES" ? "start with the right to bind it, or choose another" : "check the address";
  return localFault("internal", 500, `${what}: listening on ${shown} failed with ${code || says(e)}`, e);
}

/** An accept that failed; the listener goes on. */
export function acceptFault(at: Address, e: unknown): ProxyError {
  const kind: ErrorCode = outOfDescriptors(e) ? "noDescriptors" : "internal";
  const what = kind === "noDescriptors" ? "raise the limit of open files (ulimit -n)" : "look at the system's limits";
  return localFault(kind, 503, `${what}: accepting on ${addressText(at)} failed with ${systemCode(e) || says(e)}`, e);
}

/** A handler threw: its connection ends. */
export function handlerFault(e: unknown): ProxyError {
  return new ProxyError("report this: a connection's handler threw", {
    code: "internal",
    side: "internal",
    scope: "connection",
    retry: "never",
    status: 500,
    cause: e,
  });
}

// Resets come by the thousand in a flood: one object each side, whose stack nobody reads.
let byClient: ProxyError | null = null;
let byUpstream: ProxyError | null = null;

/** The peer's RST, or the network's end of an open connection. `accepted`: which side the peer is on. */
export function resetFault(accepted: boolean): ProxyError {
  if (accepted) {
    byClient ??= new ProxyError("the client reset the connection", {
      code: "clientReset",
      side: "downstream",
      scope: "connection",
      retry: "never",
      status: 0,
    });
    return byClient;
  }
  byUpstream ??= upstreamFault("upstreamReset", 502, "ifReused", "the upstream reset the connection");
  return byUpstream;
}

function says(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}
