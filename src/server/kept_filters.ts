import type { FilterSpec, Model, RouteSpec } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import { FilterChain } from "../filter/filter_chain.ts";
import type { FilterEnv, FilterFactory, Maybe } from "../filter/types.ts";
import type { Platform } from "../platform/types.ts";
import { textOf } from "./same.ts";

/** The filters of a config that is prepared. One of `commit` and `undo` has to be called, once. */
export interface NextFilters {
  /** Why some can't be had; then the rest is of no use, and `undo` is to be called. */
  readonly problems: readonly Problem[];
  /** The filters of a route that `prepare` was given. */
  chain(route: FilteredRoute): FilterChain;
  /** They are in force. */
  commit(): void;
  undo(): void;
}

export type FilteredRoute = Pick<RouteSpec, "name" | "filters">;

export type Provision = (spec: FilterSpec, env: FilterEnv) => Maybe<FilterFactory | readonly Problem[]>;

/** A filter with its settings, and how many configs and chains have it. */
interface Kept {
  readonly factory: FilterFactory;
  uses: number;
}

/**
 * Filters of routes. One whose route and settings stay over a reload stays too: what it has learnt of its upstream would be lost otherwise.
 * One that no config has any more is closed when the last exchange that has it is over.
 */
export class KeptFilters {
  readonly #env: FilterEnv;
  readonly #provision: Provision;
  #inForce: Config = NOTHING;

  constructor(env: FilterEnv, provision: Provision) {
    this.#env = env;
    this.#provision = provision;
  }

  /** Makes what is new; those that take their time do so at the same time. */
  async prepare(routes: readonly FilteredRoute[]): Promise<NextFilters> {
    const kept = new Map<string, Kept>();
    const chains: { readonly chain: FilterChain; readonly of: readonly Kept[] }[] = [];
    const problems: Problem[] = [];
    const making: Promise<void>[] = [];
    const asked = new Set<string>();
    for (const route of routes) {
      for (const [i, spec] of route.filters.entries()) {
        const key = keyOf(route, spec);
        if (asked.has(key)) continue;
        asked.add(key);
        const before = this.#inForce.kept.get(key);
        if (before !== undefined) {
          before.uses++;
          kept.set(key, before);
        } else {
          const made = this.#make(spec, `${route.name}.filters[${i}]`);
          const take = (m: FilterFactory | readonly Problem[]): void => {
            if ("open" in m) kept.set(key, { factory: m, uses: 1 });
            else problems.push(...m);
          };
          if (made instanceof Promise) making.push(made.then(take));
          else take(made);
        }
      }
    }
    await Promise.all(making);
    const config: Config = {
      kept,
      leave: () => {
        for (const { chain, of } of chains) chain.retire(() => of.forEach(leave));
        for (const k of kept.values()) leave(k);
      },
    };
    return {
      problems,
      chain: (route) => {
        const of = route.filters.map((spec) => kept.get(keyOf(route, spec))!);
        for (const k of of) k.uses++;
        const chain = new FilterChain(of.map((k) => k.factory));
        chains.push({ chain, of });
        return chain;
      },
      commit: () => {
        const before = this.#inForce;
        this.#inForce = config;
        before.leave();
      },
      undo: config.leave,
    };
  }

  /** Nothing is in force any more. */
  close(): void {
    const before = this.#inForce;
    this.#inForce = NOTHING;
    before.leave();
  }

  #make(spec: FilterSpec, path: string): Maybe<FilterFactory | readonly Problem[]> {
    const failed = (cause: unknown): readonly Problem[] => [problemOf(spec, path, cause)];
    const placed = (m: FilterFactory | readonly Problem[]): FilterFactory | readonly Problem[] =>
      "open" in m ? m : m.map((p) => (p.path === "" ? { ...p, path } : p));
    try {
      const made = this.#provision(spec, this.#env);
      return made instanceof Promise ? made.then(placed, failed) : placed(made);
    } catch (cause) {
      return failed(cause);
    }
  }
}

/** What a config has of filters. */
interface Config {
  readonly kept: ReadonlyMap<string, Kept>;
  /** It is not in force, or not any more. */
  leave(): void;
}

const NOTHING: Config = { kept: new Map(), leave: () => {} };

/** What filters have of this process. */
export function filterEnv(platform: Platform): FilterEnv {
  return {
    now: () => platform.now(),
    wallNow: () => platform.wallNow(),
    setTimer: (ms, f) => platform.setTimer(ms, f),
    random: Math.random,
  };
}

/** All that a config has. */
export function routesOf(model: Model): RouteSpec[] {
  return [...model.routeTables.values()].flatMap((t) => t.virtualHosts.flatMap((v) => v.routes));
}

function keyOf(route: FilteredRoute, spec: FilterSpec): string {
  return `${route.name}\n${textOf(spec)}`;
}

function leave(k: Kept): void {
  if (--k.uses === 0) k.factory.close?.();
}

function problemOf(spec: FilterSpec, path: string, cause: unknown): Problem {
  const message = `${path}: the filter ${spec.kind} can't be had: ${cause instanceof Error ? cause.message : String(cause)}`;
  return { severity: "error", path, message, hint: "", place: null };
}
