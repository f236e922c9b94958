import { fetchCluster } from "../../handler/fetch_cluster.ts";
import type { Conn, Platform } from "../../platform/types.ts";
import { Plugins } from "../../plugin/plugins.ts";
import type { PluginDoor } from "../../plugin/shared/plugin_door.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import type { Numbers } from "../../telemetry/numbers.ts";
import type { Cluster, LeaseClient } from "../../upstream/types.ts";
import type { LinkEnv } from "../../wire/link.ts";
import { watchProgram } from "./watch_program.ts";

export interface PluginPlace {
  readonly platform: Platform;
  readonly link: LinkEnv;
  readonly log: EventLog;
  readonly numbers: Numbers;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Those in force. */
  readonly clusters: () => ReadonlyMap<string, Cluster>;
  /** null: this process is all of the weir. */
  readonly supervisor: PluginDoor | null;
}

/** A plugin's own request has no client: upstreams that are told of one hear of none. */
const NOBODY: LeaseClient = {
  conn: {
    info: { id: 0, local: { kind: "unix", path: "" }, remote: { kind: "unix", path: "" } },
  } as unknown as Conn,
  serverName: "",
  whenGone: () => {},
};
const HEAD_MS = 60_000;
const IDLE_MS = 60_000;

/** The plugins of a process of Weir; null: it can have no processes below it. */
export function createPlugins({ platform, link, log, numbers, env, version, clusters, supervisor }: PluginPlace): Plugins | null {
  const { processes } = platform;
  if (processes === null) return null;
  const calls = { link, client: NOBODY, authority: "", headMs: HEAD_MS, idleMs: IDLE_MS };
  return new Plugins({
    env: {
      ...link,
      platform,
      processes,
      log,
      env,
      version,
      random: Math.random,
      watchProgram: (spec, changed) => watchProgram(platform, env["PATH"] ?? "", spec, changed),
    },
    numbers,
    fetch: (url, init) => fetchCluster(clusters(), calls, url, init),
    supervisor,
  });
}
