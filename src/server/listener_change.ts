import { addressesOverlap, type BoundAddress } from "../base/address.ts";
import type { Problem } from "../config/problem.ts";
import type { EventLog } from "../telemetry/event_log.ts";
import { bindLabel, isInternal } from "./internal_listeners.ts";

/** What of a listener's config is looked at here. */
export interface ChangedSpec {
  readonly name: string;
  readonly bind: BoundAddress | null;
}

/** A listener in force. */
export interface ChangedListener<S> {
  readonly spec: S;
  /** null: not bound. */
  readonly address: BoundAddress | null;
  bind(): Promise<void>;
  unbind(): Promise<void>;
  /** For one that never was in force; absent: as `unbind`. */
  giveBack?(): Promise<void>;
}

/**
 * What becomes of the listeners when one config takes the place of another. A socket goes with its address and not with its name: a
 * listener that is renamed, or takes the address which another one leaves, takes over the socket and the connections that stand there.
 */
export class ListenerChange<S extends ChangedSpec, L extends ChangedListener<S>> {
  /** Those that go on, by their names in the new config. */
  readonly kept: ReadonlyMap<string, L>;
  /** Those that nothing in the new config goes on with. */
  readonly leaving: ReadonlySet<L>;
  /** New sockets, once `bind` has resolved. */
  readonly bound: L[] = [];
  readonly #fresh: readonly S[];
  readonly #madeRoom: L[] = [];
  readonly #exclusive: boolean;

  /** `sameSocket`: whether a socket serves both; what a listener is beside that may change without a new one. `exclusive`: see `ListenSockets`. */
  constructor(
    current: ReadonlyMap<string, L>,
    next: ReadonlyMap<string, S>,
    sameSocket: (a: S, b: S) => boolean,
    exclusive: boolean,
  ) {
    this.#exclusive = exclusive;
    const left = new Set(current.values());
    const kept = new Map<string, L>();
    const keep = (spec: S, l: L | undefined): void => {
      if (l === undefined || !left.delete(l)) return;
      kept.set(spec.name, l);
    };
    for (const spec of next.values()) {
      const l = current.get(spec.name);
      if (l !== undefined && sameSocket(l.spec, spec)) keep(spec, l);
    }
    for (const spec of next.values())
      if (!kept.has(spec.name))
        keep(
          spec,
          [...left].find((l) => sameSocket(l.spec, spec) && isInternal(l.spec.name) === isInternal(spec.name)),
        );
    this.kept = kept;
    this.leaving = left;
    this.#fresh = [...next.values()].filter((spec) => !kept.has(spec.name));
  }

  /** Binds what is new. With a problem, `undo` is to follow. */
  async bind(make: (spec: S) => L): Promise<Problem[]> {
    const problems: Problem[] = [];
    // Those that need no room first: when one of them can't be had, no socket was closed for nothing.
    const clear = this.#fresh.filter((spec) => this.#inTheWay(spec).length === 0);
    const blocked = this.#fresh.filter((spec) => !clear.includes(spec));
    for (const spec of clear) await this.#bindOne(spec, make, problems);
    if (problems.length > 0) return problems;
    for (const spec of blocked) {
      for (const l of this.#inTheWay(spec)) {
        this.#madeRoom.push(l);
        await l.unbind();
      }
      await this.#bindOne(spec, make, problems);
    }
    return problems;
  }

  /** Closes what was bound, and puts what made room back in its place. */
  async undo(log: EventLog): Promise<void> {
    await Promise.all(this.bound.map((l) => l.giveBack?.() ?? l.unbind()));
    for (const l of this.#madeRoom) {
      try {
        await l.bind();
      } catch (e) {
        log.log("error", "a listener lost its address", { listener: l.spec.name, reason: messageOf(e) });
      }
    }
  }

  #inTheWay(spec: S): L[] {
    const { bind } = spec;
    if (bind === null || !this.#exclusive) return [];
    return [...this.leaving].filter((l) => l.address !== null && l.spec.bind !== null && addressesOverlap(l.spec.bind, bind));
  }

  async #bindOne(spec: S, make: (spec: S) => L, problems: Problem[]): Promise<void> {
    const l = make(spec);
    try {
      await l.bind();
      this.bound.push(l);
    } catch (e) {
      const message = `listener "${spec.name}" can't listen on ${bindLabel(spec.bind)}: ${messageOf(e)}`;
      problems.push({ severity: "error", path: `listeners.${spec.name}.address`, message, hint: "", place: null });
    }
  }
}

function messageOf(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}
