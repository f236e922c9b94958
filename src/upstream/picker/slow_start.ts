import type { ProxyError } from "../../base/error.ts";
import type { SlowStartSpec } from "../../config/traffic_model.ts";
import type { Host, Picker, PickInput } from "../types.ts";
import type { Policy, PolicyEnv } from "./policy.ts";

/** Weights are worked out anew in so many `steps` of a window, and told in parts of so many. */
export type SteppedStart = SlowStartSpec & { readonly steps: number };

/** However short the window is: milliseconds. */
const MIN_STEP_MS = 20;

/**
 * Hosts that came or became healthy again within the window weigh less: max(minShare, (time / window) ^ (1 / aggression)), as in Envoy.
 * When all hosts have been there equally long, and when the last window is over, this costs nothing or one comparison a pick.
 */
export function slowStart(
  hosts: readonly Host[],
  weights: readonly number[],
  spec: SteppedStart,
  policy: Policy,
  env: PolicyEnv,
): Picker {
  const { now } = env.clock;
  let until = Number.NEGATIVE_INFINITY;
  for (const h of hosts) until = Math.max(until, h.since + spec.windowMs);
  if (now >= until || hosts.every((h) => h.since === hosts[0]!.since)) return policy(hosts, weights);
  return new SlowStartPicker(hosts, weights, spec, policy, env, until);
}

class SlowStartPicker implements Picker {
  readonly #hosts: readonly Host[];
  readonly #weights: readonly number[];
  readonly #spec: SteppedStart;
  readonly #policy: Policy;
  readonly #env: PolicyEnv;
  /** When the last window is over. */
  readonly #until: number;
  #now: Picker;
  #next = 0;

  constructor(
    hosts: readonly Host[],
    weights: readonly number[],
    spec: SteppedStart,
    policy: Policy,
    env: PolicyEnv,
    until: number,
  ) {
    this.#hosts = hosts;
    this.#weights = weights;
    this.#spec = spec;
    this.#policy = policy;
    this.#env = env;
    this.#until = until;
    this.#now = this.#renew(env.clock.now);
  }

  pick(p: PickInput): Host | ProxyError {
    const { now } = this.#env.clock;
    if (now >= this.#next) this.#now = this.#renew(now);
    return this.#now.pick(p);
  }

  #renew(now: number): Picker {
    if (now >= this.#until) {
      this.#next = Number.POSITIVE_INFINITY;
      return this.#policy(this.#hosts, this.#weights);
    }
    const { windowMs, steps } = this.#spec;
    this.#next = now + Math.max(windowMs / steps, MIN_STEP_MS);
    return this.#policy(
      this.#hosts,
      this.#weights.map((w, i) => w * Math.max(1, Math.round(steps * slowStartShare(this.#hosts[i]!, this.#spec, now)))),
      this.#weights.map((w) => w * steps),
    );
  }
}

/** The part of its weight that a host has now. */
export function slowStartShare(h: Host, { windowMs, aggression, minShare }: SlowStartSpec, now: number): number {
  const part = (now - h.since) / windowMs;
  return part >= 1 ? 1 : Math.max(minShare, Math.max(part, 0) ** (1 / aggression));
}
