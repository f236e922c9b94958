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

  /** Counts a connection in, or says why not. `client` null: it is not known yet, and is told by `name`. */
  admit(client: string | null): "processLimit" | "clientLimit" | null {
    if (this.#total >= this.#max) return "processLimit";
    const refusal = client === null ? null : this.name(client);
    if (refusal === null) this.#total++;
    return refusal;
  }

  /** Counts a connection that was let in among its client's, or says why not: then it is still nobody's. */
  name(client: string): "clientLimit" | null {
    const open = this.#byClient.get(client) ?? 0;
    if (open >= this.#perClient) return "clientLimit";
    this.#byClient.set(client, open + 1);
    return null;
  }

  /** `client` null: it was nobody's to the end. */
  release(client: string | null): void {
    this.#total--;
    if (client === null) return;
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
