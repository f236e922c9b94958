import { pathToFileURL } from "node:url";
import { stackOf } from "./base/error.ts";
import { wantsColor } from "./cli/render/paint.ts";
import { prepareWebGlobals } from "./exchange/web_globals.ts";
import type { Platform } from "./platform/types.ts";
import { loadOffered } from "./server/modules/offered_packages.ts";
import { type AdjustableEventLog, createEventLog } from "./telemetry/create_event_log.ts";

export const runtime = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";

/** What every process of a weir begins with, whatever it is for. */
export class ThisProcess {
  readonly log: AdjustableEventLog;
  /** What counts faults that nobody waits for; null: nothing serves yet. */
  serving: { countThrow(): void } | null = null;
  #offering: Promise<void> | null = null;

  /** `write`: to standard error. */
  constructor(write: (text: string) => void) {
    const isTerminal = process.stderr.isTTY === true;
    const noColor = !wantsColor(isTerminal, process.env);
    this.log = createEventLog({ level: "info", format: "auto", isTerminal, noColor, write, wallNow: Date.now });
  }

  createServingPlatform(): Promise<Platform> {
    return createPlatform((e) => {
      this.serving?.countThrow();
      this.log.log("error", "a callback threw: its connection was destroyed", { reason: stackOf(e) });
    });
  }

  /** A module of the config. What Weir offers is loaded with the first. */
  async loadModule({ offerPackages }: Platform, path: string): Promise<object> {
    this.#offering ??= this.#offer(offerPackages);
    await this.#offering;
    return (await import(pathToFileURL(path).href)) as object;
  }

  async #offer(offerPackages: Platform["offerPackages"]): Promise<void> {
    // A promise that nobody waits for, or a timer, of a module must not end what serves others.
    for (const event of ["uncaughtException", "unhandledRejection"])
      process.on(event, (e: unknown) => {
        this.serving?.countThrow();
        this.log.log("error", "something in this process threw where nobody waits for it", { event, reason: stackOf(e) });
      });
    prepareWebGlobals(globalThis);
    offerPackages?.(await loadOffered());
  }
}

/** Loads the one adapter that this runtime needs. */
export async function createPlatform(onFault: (e: unknown) => void): Promise<Platform> {
  if (runtime === "bun") return (await import("./platform/bun.ts")).createBunPlatform({ onFault });
  return (await import("./platform/node.ts")).createNodePlatform(runtime, { onFault });
}
