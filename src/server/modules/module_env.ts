import type { FilterEnv } from "../../filter/types.ts";
import type { ModuleFilterEnv } from "../../filters/module/kind.ts";
import type { EventLog, Level } from "../../telemetry/event_log.ts";
import type { OwnFetch } from "../own_fetch.ts";

const LEVELS: readonly unknown[] = ["debug", "info", "warning", "error"] satisfies Level[];
const MESSAGE_CHARS = 4_000;

/** What filters of modules have beyond what all filters have: of what a plugin asks Weir for what a module can't have by itself. */
export function moduleEnv(log: EventLog, fetch: OwnFetch): Omit<ModuleFilterEnv, keyof FilterEnv> {
  return {
    fetch,
    log: (level, message, facts = {}) =>
      log.log(LEVELS.includes(level) ? level : "info", "a module says", {
        line: String(message).slice(0, MESSAGE_CHARS),
        facts: jsonOf(facts).slice(0, MESSAGE_CHARS),
      }),
  };
}

function jsonOf(facts: unknown): string {
  try {
    return JSON.stringify(facts) ?? "";
  } catch {
    // A module's own values may be anything.
    return "";
  }
}
