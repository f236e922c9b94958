import { xxHash32 } from "../base/xxhash32.ts";
import type { BalanceSpec } from "../config/traffic_model.ts";

/** An unsigned 32-bit hash that is never 0, which would say that there is no key. `before`: that of the keys before this one, 0 for the first. */
export function hashOfKey(key: string, before: number): number {
  return xxHash32(key, before) || 1;
}

/** The hash of a session that is known by its client alone: other keys are a request's. 0: the policy goes by no hash, or not by the source. */
export function sourceHash(b: BalanceSpec, client: string): number {
  if (b.kind !== "ringHash" && b.kind !== "maglev") return 0;
  return b.on.some((k) => k.kind === "source") ? hashOfKey(client, 0) : 0;
}
