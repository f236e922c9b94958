import type { Override } from "../filter/types.ts";

/** Of the process. */
let lastId = 0;

/** What filters ask of an exchange, or leave there, beyond what every exchange has; made when the first of it is asked for. */
export class ExchangeExtras {
  readonly override: Override = { cluster: null, host: null };
  /** Plugins whose calls failed, with commas between them. */
  failedPlugin = "";
  #id = 0;
  #metadata: Map<string, Map<string, unknown>> | null = null;

  get id(): number {
    if (this.#id === 0) this.#id = ++lastId;
    return this.#id;
  }

  metadata(namespace: string): Map<string, unknown> {
    this.#metadata ??= new Map();
    let m = this.#metadata.get(namespace);
    if (m === undefined) {
      m = new Map();
      this.#metadata.set(namespace, m);
    }
    return m;
  }

  findMetadata(namespace: string): ReadonlyMap<string, unknown> | null {
    return this.#metadata?.get(namespace) ?? null;
  }
}
