import type { ProcessLimitsSpec } from "../config/model.ts";

/** Descriptors kept for logs, the config's watches and the runtime when the cap is derived from the limit of open files; half of a low limit. */
const RESERVED_DESCRIPTORS = 64;
/** Connections when the limit of open files is not known: what most hosts allow. */
const UNKNOWN_LIMIT = 10_000;

/** How many client connections there may be, in all and of one address. */
export class ConnectionCaps {
  #total = 0;
  readonly #byClient = new Map<string, number>();
  #max: number;
  #perClient: number;
  readonly #fileLimit: number | null;

  /** `fileLimit`: the limit of open files in force; null: unknown. */
  constructor(spec: ProcessLimitsSpec, fileLimit: number | null) {
    this.#fileLimit = fileLimit;
    this.#max = 0;
    this.#perClient = 0;
    this.update(spec);
  }

  update(spec: ProcessLimitsSpec): void {
    this.#perClient = spec.maxConnectionsPerClient ?? Number.POSITIVE_INFINITY;
    this.#max = spec.maxConnections ?? derivedCap(this.#fileLimit);
  }

  get total(): number {
    return this.#total;
  }

  get max(): number {
    return this.#max;
  }

  /** Counts a connection in, or says why not. */
  admit(client: string): "processLimit" | "clientLimit" | null {
    if (this.#total >= this.#max) return "processLimit";
    if (this.#perClient !== Number.POSITIVE_INFINITY) {
      if ((this.#byClient.get(client) ?? 0) >= this.#perClient) return "clientLimit";
    }
    this.count(client);
    return null;
  }

  /** Counts one in that was admitted by another process. */
  count(client: string): void {
    this.#total++;
    this.#byClient.set(client, (this.#byClient.get(client) ?? 0) + 1);
  }

  release(client: string): void {
    this.#total--;
    const left = (this.#byClient.get(client) ?? 1) - 1;
    if (left === 0) this.#byClient.delete(client);
    else this.#byClient.set(client, left);
  }
}

/** Each client connection may need one upstream connection: half of what is left. */
function derivedCap(fileLimit: number | null): number {
  if (fileLimit === null || fileLimit === Number.POSITIVE_INFINITY) return UNKNOWN_LIMIT;
  const reserved = Math.min(RESERVED_DESCRIPTORS, Math.floor(fileLimit / 2));
  return Math.max(1, Math.floor((fileLimit - reserved) / 2));
}
