import type { HostState } from "../telemetry/health_cells.ts";
import type { Host } from "./types.ts";

/** What checks say of a host. `unchecked`: it is asked nothing; `pending`: the first answer is awaited; `unknown`: none came in time. */
export type CheckState = Exclude<HostState, "ejected">;

interface Entry {
  check: CheckState;
  checkWhy: string;
  /** Why it is ejected; null: it is not. */
  ejection: string | null;
  /** What it is counted as. */
  shown: HostState;
}

/**
 * Which hosts of one cluster may be chosen, and why not: what checks and outlier detection say comes together here. `changed` is called
 * after `available` of a host has changed.
 */
export class HostStates {
  readonly #now: () => number;
  readonly #changed: () => void;
  readonly #count: (state: HostState, n: number) => void;
  readonly #entries = new Map<Host, Entry>();

  /** `count` is told how many hosts there are of a state, by what that number rises or falls. */
  constructor(now: () => number, changed: () => void, count: (state: HostState, n: number) => void) {
    this.#now = now;
    this.#changed = changed;
    this.#count = count;
  }

  /** Others are forgotten. New ones are `unchecked`, and available from now on; this tells nobody. */
  setHosts(hosts: readonly Host[], gone: readonly Host[]): void {
    for (const h of gone) this.#forget(h);
    const now = this.#now();
    for (const h of hosts) {
      if (this.#entries.has(h)) continue;
      this.#entries.set(h, { check: "unchecked", checkWhy: "", ejection: null, shown: "unchecked" });
      this.#count("unchecked", 1);
      if (h.since < 0) h.since = now;
    }
  }

  check(h: Host, state: CheckState, why: string): void {
    const e = this.#entries.get(h);
    if (e === undefined) return;
    e.check = state;
    e.checkWhy = why;
    this.#settle(h, e);
  }

  /** `why` null: it is let back. */
  eject(h: Host, why: string | null): void {
    const e = this.#entries.get(h);
    if (e === undefined) return;
    e.ejection = why;
    this.#settle(h, e);
  }

  checkOf(h: Host): CheckState {
    return this.#entries.get(h)?.check ?? "unchecked";
  }

  /** `why` is "" where there is nothing to say. */
  show(h: Host): { readonly state: HostState; readonly why: string } {
    const e = this.#entries.get(h);
    if (e === undefined) return { state: "unchecked", why: "" };
    return { state: e.shown, why: e.shown === "ejected" ? e.ejection! : e.checkWhy };
  }

  /** The cluster is no more. */
  close(): void {
    for (const h of [...this.#entries.keys()]) this.#forget(h);
  }

  #forget(h: Host): void {
    const e = this.#entries.get(h);
    if (e === undefined) return;
    this.#entries.delete(h);
    this.#count(e.shown, -1);
  }

  #settle(h: Host, e: Entry): void {
    // A host that takes nothing anyway is shown by its checks.
    const shown = e.ejection !== null && mayTake(e.check) ? "ejected" : e.check;
    if (shown !== e.shown) {
      this.#count(e.shown, -1);
      this.#count(shown, 1);
      e.shown = shown;
    }
    const available = mayTake(e.check) && e.ejection === null;
    if (available === h.available) return;
    h.available = available;
    if (available) h.since = this.#now();
    this.#changed();
  }
}

function mayTake(state: CheckState): boolean {
  return state !== "pending" && state !== "unhealthy";
}
