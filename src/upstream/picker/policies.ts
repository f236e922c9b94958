import type { BalanceSpec, SlowStartSpec } from "../../config/traffic_model.ts";
import type { Host, Picker } from "../types.ts";
import { leastRequest } from "./least_request.ts";
import { maglev } from "./maglev.ts";
import { peakEwma } from "./peak_ewma.ts";
import type { Policy, PolicyEnv } from "./policy.ts";
import { randomHost } from "./random_host.ts";
import { ringHash } from "./ring_hash.ts";
import { roundRobin } from "./round_robin.ts";
import { slowStart } from "./slow_start.ts";

/** Whether the hash of a request says where it goes. */
export function isByHash(b: BalanceSpec): boolean {
  return b.kind === "ringHash" || b.kind === "maglev";
}

/** The policy of a config, slow start included. */
export function policyOf(b: BalanceSpec, env: PolicyEnv): Policy {
  switch (b.kind) {
    case "roundRobin":
      // Not the first host again: it would be favoured whenever hosts come and go.
      return starting(b.slowStart, env, (hosts, weights) => roundRobin(hosts, env.random(), weights));
    case "random":
      return starting(b.slowStart, env, (hosts, weights) => randomHost(hosts, weights, env));
    case "leastRequest":
      return starting(b.slowStart, env, (hosts, weights) => leastRequest(hosts, weights, b, env));
    case "peakEwma":
      return starting(b.slowStart, env, (hosts, weights) => peakEwma(hosts, weights, b.decayMs, env));
    case "ringHash":
      return starting(b.slowStart, env, (hosts, weights, whole) => ringHash(hosts, weights, b.points, env, whole), HASH_STEPS);
    case "maglev":
      return starting(b.slowStart, env, (hosts, weights) => maglev(hosts, weights, b.tableSize, env), HASH_STEPS);
  }
}

/** A table is made anew with each step, and keys move with it. */
const HASH_STEPS = 10;
const STEPS = 100;

function starting(spec: SlowStartSpec | null, env: PolicyEnv, policy: Policy, steps = STEPS): Policy {
  if (spec === null) return policy;
  return (hosts: readonly Host[], weights: readonly number[]): Picker =>
    slowStart(hosts, weights, { ...spec, steps }, policy, env);
}
