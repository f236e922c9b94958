import { TimerWheel } from "../../base/timer_wheel.ts";
import type { LinuxCalls, Platform, Processes } from "../../platform/types.ts";
import { SharedPlugins } from "../../plugin/shared/shared_plugins.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import type { Numbers } from "../../telemetry/numbers.ts";
import { Flusher } from "../../wire/flusher.ts";
import { findAccount, isRoot } from "../privileges.ts";
import { watchProgram } from "./watch_program.ts";

export interface SharedPluginsPlace {
  readonly platform: Platform;
  readonly linux: LinuxCalls;
  readonly processes: Processes;
  readonly log: EventLog;
  readonly numbers: Numbers;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly workers: number;
  readonly changed: (plugin: string) => void;
}

/** What a supervisor has of plugins for its workers. */
export function createSharedPlugins(o: SharedPluginsPlace): SharedPlugins {
  const { platform, linux, processes, log, numbers, env, version, workers, changed } = o;
  return new SharedPlugins({
    numbers,
    workers,
    changed,
    env: {
      platform,
      processes,
      log,
      env,
      version,
      wheel: new TimerWheel(
        () => platform.now(),
        (ms, f) => platform.setTimer(ms, f),
      ),
      flusher: new Flusher(() => platform.now(), platform.afterTurn),
      accountOf: ({ runAs }) => (runAs === null || !isRoot() ? null : findAccount(runAs)),
      random: Math.random,
      watchProgram: (spec, f) => watchProgram(platform, env["PATH"] ?? "", spec, f),
      openStream: (open) => {
        const [here, there] = linux.socketPair();
        platform.adopt(here, { accepted: false }, open);
        return there;
      },
    },
  });
}
