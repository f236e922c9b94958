import type { Message } from "../link/message_reader.ts";
import type { PluginLink } from "../link/plugin_link.ts";

/** A cluster whose endpoints a plugin tells. */
export interface EndpointWatch {
  readonly cluster: string;
  /** JSON of what the cluster's config has for the plugin. */
  readonly config: string;
  /** A list has come, and was not looked at. */
  told(endpoints: unknown): void;
}

/** A process, as far as it is told what is watched. */
export interface WatchedProcess {
  readonly link: Pick<PluginLink, "notify">;
}

/**
 * What is watched at the processes of one plugin. One process has all watches, so that each list has one author; when it goes, another one
 * is told them.
 */
export class EndpointWatches {
  readonly #watches = new Map<number, EndpointWatch>();
  readonly #numberOf: (n: number) => number;
  #holder: WatchedProcess | null = null;
  #made = 0;

  /** `numberOf`: the number of the n-th watch, from 0: others may watch at the same process. */
  constructor(numberOf: (n: number) => number = (n) => n + 1) {
    this.#numberOf = numberOf;
  }

  get size(): number {
    return this.#watches.size;
  }

  /** null: none tells anything now. */
  get holder(): WatchedProcess | null {
    return this.#holder;
  }

  /** Returns the number by which `remove` knows it. */
  add(w: EndpointWatch): number {
    const number = this.#numberOf(this.#made++);
    this.#watches.set(number, w);
    if (this.#holder !== null) tellWatch(this.#holder, number, w);
    return number;
  }

  remove(number: number): void {
    if (this.#watches.delete(number)) this.#holder?.link.notify("unwatchEndpoints", `{"watch":${number}}`);
  }

  /** From now on this process has them. The one before is told so, where it lives. */
  hold(p: WatchedProcess | null): void {
    const before = this.#holder;
    if (before === p) return;
    this.#holder = p;
    for (const [number, w] of this.#watches) {
      before?.link.notify("unwatchEndpoints", `{"watch":${number}}`);
      if (p !== null) tellWatch(p, number, w);
    }
  }

  /** A notification `endpoints` of `p`. What comes from another process, or for a watch that is over, comes too late. */
  heard(p: WatchedProcess, { watch, endpoints }: Message): void {
    if (p === this.#holder && typeof watch === "number") this.#watches.get(watch)?.told(endpoints);
  }
}

function tellWatch(p: WatchedProcess, number: number, { cluster, config }: EndpointWatch): void {
  p.link.notify("watchEndpoints", `{"watch":${number},"cluster":${JSON.stringify(cluster)},"config":${config}}`);
}
