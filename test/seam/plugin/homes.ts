import type { FilterSpec } from "../../../src/config/model.ts";
import type { PluginFailureSpec } from "../../../src/config/plugin_model.ts";
import { createMemoryPlatform, type MemoryPlatform } from "../../../src/platform/memory.ts";
import type { ServerEnv } from "../../../src/server/server.ts";
import { behavedModule } from "./behaved_filter.ts";
import type { Behaviour } from "./behaviour.ts";
import { MemoryProcesses } from "./memory_plugin.ts";

/** Where plugins live. */
export interface Home {
  readonly name: string;
  /** Cases that it does not run, by name, each with its reason. */
  readonly skips: Readonly<Record<string, string>>;
  furnish(b: Behaviour, onFailure: PluginFailureSpec): Furnished;
}

/** A behaviour in its home, ready for a server. */
export interface Furnished {
  readonly platform: MemoryPlatform;
  readonly env: Partial<ServerEnv>;
  /** In a route's list of filters. */
  readonly use: FilterSpec;
}

const NO_POLICY = "a filter has no onFailure: what it throws is a fault of Weir's own program, and costs its exchange 500";
const NO_GRANTS = "a filter is the operator's own code in Weir's process: nothing is withheld from it";

/** A process below Weir, here one in memory, behind the real pool and link. */
export function processHome(binary: boolean): Home {
  return {
    name: `a process, with bodies ${binary ? "in binary frames" : "in base64"}`,
    skips: {},
    furnish: (b, onFailure) => {
      const memory = new MemoryProcesses(b, binary);
      const platform = Object.defineProperty(createMemoryPlatform(), "processes", { value: memory.processes });
      const use = { kind: "plugin", plugin: "p", config: null, timeoutMs: null, onFailure } as const;
      return { platform, env: {}, use };
    },
  };
}

/** `filters: [{ module: … }]`. */
export const FILTER_HOME: Home = {
  name: "a filter in Weir's own process",
  skips: {
    "an authority that is not granted is refused": NO_GRANTS,
    "a cluster that is not granted is refused": NO_GRANTS,
    "an answer is kept, and holds for requests of its key": "a filter keeps what it likes by itself: asking it costs no call",
    "a failed head goes on by the policy `open`": NO_POLICY,
    "a failed head is answered with the policy's status": NO_POLICY,
    "a failed choice goes on by the policy `open`": NO_POLICY,
    "a failed choice is answered with the policy's status": NO_POLICY,
    "a failed body goes on by the policy `open`": NO_POLICY,
    "a failed streamed body, of which nothing has gone, goes on by the policy `open`": NO_POLICY,
    "a reply's failed head goes on by the policy `open`": NO_POLICY,
    "a reply's failed head is answered with the policy's status": NO_POLICY,
    "no answer in time is a failure": "a filter has no deadline of its own: its exchange has",
    "fields of framing can't be set: the call fails":
      "a filter writes into the head itself: what it writes there of framing is put right, which has a case of its own",
  },
  furnish: (b) => ({
    platform: createMemoryPlatform(),
    env: { loadModule: () => Promise.resolve({ default: behavedModule(b) }) },
    use: { kind: "module", module: { path: "filter.ts", digest: "1" }, config: "" },
  }),
};
