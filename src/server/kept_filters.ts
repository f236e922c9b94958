import type { FilterSpec } from "../config/model.ts";
import type { FilterEnv, FilterFactory } from "../filter/types.ts";
import { provisionFilter } from "./filter_kinds.ts";

/** The filters of a config that is prepared. */
export interface NextFilters {
  readonly filter: (spec: FilterSpec, route: string) => FilterFactory;
  /** They are in force. */
  commit(): void;
}

/** Filters of routes. One whose route and settings stay over a reload stays too: what it has learnt of its upstream would be lost otherwise. */
export class KeptFilters {
  readonly #env: FilterEnv;
  #inForce: ReadonlyMap<string, FilterFactory> = new Map();

  constructor(env: FilterEnv) {
    this.#env = env;
  }

  /** `modules`: those that the config names. */
  prepare(modules: ReadonlyMap<string, object>): NextFilters {
    const next = new Map<string, FilterFactory>();
    return {
      filter: (spec, route) => {
        const key = `${route}\n${JSON.stringify(spec)}`;
        const factory = next.get(key) ?? this.#inForce.get(key) ?? provisionFilter(spec, this.#env, modules);
        if (!("open" in factory))
          throw new Error(`provision ${spec.kind} at once: filters that take their time can't be made yet`);
        next.set(key, factory);
        return factory;
      },
      commit: () => {
        this.#inForce = next;
      },
    };
  }
}
