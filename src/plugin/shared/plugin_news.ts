import type { KvAnswer, KvCall } from "../calls/kv_call.ts";

/**
 * What a worker asks its supervisor for plugins. `id` tells answers apart; `pool` names the processes of one version of a plugin.
 * Settings and what plugins say of themselves go as JSON text.
 */
export type PluginAsk =
  | { readonly kind: "kv"; readonly id: number; readonly plugin: string; readonly call: KvCall }
  /** Takes part in a pool: its processes are told from then on. */
  | { readonly kind: "attach"; readonly id: number; readonly pool: number }
  | { readonly kind: "detach"; readonly pool: number }
  | { readonly kind: "configure"; readonly id: number; readonly pool: number; readonly json: string }
  | { readonly kind: "unconfigure"; readonly pool: number; readonly number: number }
  /** It has changed to another pool, or could not. */
  | { readonly kind: "swapped"; readonly id: number };

/** A process of a pool. */
export interface SharedProcessFacts {
  readonly index: number;
  readonly pid: number;
  /** JSON of its answer to `initialize`. */
  readonly info: string;
}

/** What the supervisor tells a worker of plugins. */
export type PluginNews =
  | { readonly kind: "kv"; readonly id: number; readonly answer: KvAnswer }
  /** `rest`: which numbers are this worker's; `info`: what the plugin says of itself. */
  | { readonly kind: "attached"; readonly id: number; readonly rest: number; readonly info: string; readonly hopeless: boolean }
  /** There is no such pool any more. */
  | { readonly kind: "unknown"; readonly id: number }
  | { readonly kind: "configured"; readonly id: number; readonly number: number }
  | { readonly kind: "refused"; readonly id: number; readonly why: string }
  /** It takes calls, over a stream whose descriptor was sent before. */
  | { readonly kind: "process"; readonly pool: number; readonly process: SharedProcessFacts }
  /** None takes calls, and it is not likely that one will soon. */
  | { readonly kind: "hopeless"; readonly pool: number; readonly why: string }
  /** The plugin's program is another one: from now on this pool is its. */
  | { readonly kind: "swap"; readonly id: number; readonly plugin: string; readonly pool: number };
