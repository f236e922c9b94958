import type { Platform } from "../../platform/types.ts";
import type { KeyStore } from "../../plugin/calls/key_store.ts";
import { Plugins } from "../../plugin/plugins.ts";
import type { PluginDoor } from "../../plugin/shared/plugin_door.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import type { Numbers } from "../../telemetry/numbers.ts";
import type { LinkEnv } from "../../wire/link.ts";
import type { OwnFetch } from "../own_fetch.ts";
import { findAccount, isRoot } from "../privileges.ts";
import { watchProgram } from "./watch_program.ts";

export interface PluginPlace {
  readonly platform: Platform;
  readonly link: LinkEnv;
  readonly log: EventLog;
  readonly numbers: Numbers;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly fetch: OwnFetch;
  /** null: this process is all of the weir. */
  readonly supervisor: PluginDoor | null;
  /** Where values are, but for a worker's; null: here. */
  readonly store: ((plugin: string) => KeyStore) | null;
}

/** The plugins of a process of Weir; null: it can have no processes below it. */
export function createPlugins({
  platform,
  link,
  log,
  numbers,
  env,
  version,
  fetch,
  supervisor,
  store,
}: PluginPlace): Plugins | null {
  const { processes } = platform;
  if (processes === null) return null;
  return new Plugins({
    env: {
      ...link,
      platform,
      processes,
      log,
      env,
      version,
      accountOf: ({ runAs }) => (runAs === null || !isRoot() ? null : findAccount(runAs)),
      random: Math.random,
      watchProgram: (spec, changed) => watchProgram(platform, env["PATH"] ?? "", spec, changed),
    },
    numbers,
    fetch,
    supervisor,
    store,
  });
}
