import type { Plugin } from "./plugin.ts";

/** What handlers left for each other, by exchange. */
export class Exchanges {
  readonly #states = new Map<number, Map<string, unknown>>();
  /** The host tells when an exchange is over; otherwise nothing can be kept of it, nor is there a second handler to read it. */
  readonly #isTold: boolean;

  constructor(isTold: boolean) {
    this.#isTold = isTold;
  }

  state(x: number): Map<string, unknown> {
    const found = this.#states.get(x);
    if (found !== undefined) return found;
    const made = new Map<string, unknown>();
    if (this.#isTold) this.#states.set(x, made);
    return made;
  }

  done(x: number): ReadonlyMap<string, unknown> {
    const state = this.#states.get(x) ?? new Map<string, unknown>();
    this.#states.delete(x);
    return state;
  }
}

/** Whether the host tells this plugin of ends: it has several phases of an exchange, or a streamed body. */
export function isToldOfEnds<Config>(p: Plugin<Config>): boolean {
  const phases = [p.requestHead, p.requestBody, p.responseHead, p.responseBody, p.chooseUpstream];
  return (
    phases.filter((one) => one !== undefined).length > 1 || [p.requestBody, p.responseBody].some((b) => b?.mode === "streamed")
  );
}
