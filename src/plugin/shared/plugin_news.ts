import type { KvAnswer, KvCall } from "../calls/kv_call.ts";

/** What a worker asks its supervisor for plugins. `id` tells answers apart. */
export type PluginAsk = { readonly kind: "kv"; readonly id: number; readonly plugin: string; readonly call: KvCall };

/** What the supervisor tells a worker of plugins. */
export type PluginNews = { readonly kind: "kv"; readonly id: number; readonly answer: KvAnswer };
