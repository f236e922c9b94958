import type { Model } from "../../config/model.ts";
import type { Problem } from "../../config/problem.ts";
import type { PluginAsk, PluginNews } from "../../plugin/shared/plugin_news.ts";
import type { RowBatch } from "../../telemetry/row_records.ts";
import type { HealthRecord } from "../../upstream/health/health_board.ts";
import type { ListenerPlace } from "../counts/shared_counts.ts";
import type { NamedConnection } from "../moving/moved_connection.ts";
import type { DrainOptions } from "../serving.ts";
import type { NamedSocket } from "../sockets/held_socket.ts";
import type { Status } from "../status.ts";

/** The descriptors of a worker: the channel to its supervisor, and the packet socket on which descriptors come. */
export const CHANNEL_FD = 3;
export const PACKETS_FD = 4;
/** Memory in which the worker counts; it outlives the worker. */
export const NUMBERS_FD = 5;
/** Memory in which all workers count connections. */
export const COUNTS_FD = 6;
/** Set in the environment of a worker, to its index. */
export const WORKER_VARIABLE = "WEIR_WORKER";
/** To its row in that memory; −1: it has none. */
export const ROW_VARIABLE = "WEIR_WORKER_ROW";
/** A worker says so often that its event loop turns. */
export const BEAT_MS = 1_000;

/** Whether the process with this environment is a worker. */
export function isWorker(env: Readonly<Record<string, string | undefined>>): boolean {
  return env[WORKER_VARIABLE] !== undefined;
}

/** The file of a certificate, a key or authorities, as the supervisor found it good. */
export interface SecretText {
  readonly path: string;
  readonly text: string;
}

/** From the supervisor. `id` tells answers apart. The descriptors of sockets were sent before, in the same order. */
export type WorkerOrder =
  | {
      readonly kind: "prepare";
      readonly id: number;
      readonly model: Model;
      /** Where its listeners are counted. */
      readonly places: readonly ListenerPlace[];
      readonly sockets: readonly NamedSocket[];
      readonly secrets: readonly SecretText[];
      /** All that is known of hosts' health. */
      readonly health: readonly HealthRecord[];
    }
  | { readonly kind: "commit"; readonly id: number }
  | { readonly kind: "undo"; readonly id: number }
  /** Datagrams may be read: nobody else reads from these sockets. */
  | { readonly kind: "read" }
  /** Somebody else reads datagrams from now on: sessions get sockets of their own, which may be bound beside those. */
  | { readonly kind: "handOver"; readonly id: number }
  /** Files have changed, and are good. */
  | { readonly kind: "secrets"; readonly secrets: readonly SecretText[] }
  /** Hosts' health has changed. */
  | { readonly kind: "health"; readonly records: readonly HealthRecord[] }
  /** Accepts from a sibling's sockets too, until `unshare`. */
  | { readonly kind: "share"; readonly worker: number; readonly sockets: readonly NamedSocket[] }
  | { readonly kind: "unshare"; readonly worker: number }
  /** Connections of another worker, or of the weir before; their descriptors were sent before. */
  | { readonly kind: "adopt"; readonly connections: readonly NamedConnection[] }
  | { readonly kind: "plugins"; readonly news: PluginNews }
  | { readonly kind: "status"; readonly id: number }
  | { readonly kind: "reopen" }
  | ({ readonly kind: "drain"; readonly move: boolean } & DrainOptions)
  | { readonly kind: "stop" };

/** From a worker. */
export type WorkerReport =
  /** It can be told what to do. */
  | { readonly kind: "started" }
  | { readonly kind: "prepared"; readonly id: number; readonly problems: readonly Problem[] }
  | { readonly kind: "done"; readonly id: number }
  | { readonly kind: "status"; readonly id: number; readonly status: Status }
  /** Where in its memory it counts what. */
  | { readonly kind: "rows"; readonly batch: RowBatch }
  /** It drains, and these can go elsewhere; their descriptors were sent before. */
  | { readonly kind: "moved"; readonly connections: readonly NamedConnection[] }
  | { readonly kind: "plugins"; readonly ask: PluginAsk }
  | { readonly kind: "beat" };
