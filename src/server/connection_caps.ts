import type { ProcessLimitsSpec } from "../config/model.ts";
import type { ConnectionCounts } from "./counts/connection_counts.ts";
import { LocalCounts } from "./counts/local_counts.ts";

/** Descriptors kept for logs, the config's watches and the runtime when the cap is derived from the limit of open files; half of a low limit. */
const RESERVED_DESCRIPTORS = 64;
/** Connections when the limit of open files is not known: what most hosts allow. */
const UNKNOWN_LIMIT = 10_000;

/** How many client connections there may be, in all and of one address. */
export class ConnectionCaps {
  readonly counts: ConnectionCounts;
  /** Of this process. */
  #open = 0;
  /** Of this process. */
  #ownMax = 0;
  /** Of all that count together. */
  #max = 0;
  #perClient = 0;
  readonly #fileLimit: number | null;

  /** `fileLimit`: the limit of open files in force; null: unknown. */
  constructor(spec: ProcessLimitsSpec, fileLimit: number | null, counts: ConnectionCounts = new LocalCounts()) {
    this.counts = counts;
    this.#fileLimit = fileLimit;
    this.update(spec);
  }

  update(spec: ProcessLimitsSpec): void {
    this.#perClient = spec.maxConnectionsPerClient ?? Number.POSITIVE_INFINITY;
    this.#max = spec.maxConnections ?? Number.POSITIVE_INFINITY;
    // Each process has a limit of open files of its own.
    this.#ownMax = spec.maxConnections === null ? derivedCap(this.#fileLimit) : Number.POSITIVE_INFINITY;
  }

  /** Open connections of this process. */
  get total(): number {
    return this.#open;
  }

  /** Counts a connection in, or says why not. `client` null: it is not known yet, and is told by `name`. */
  admit(client: string | null): "processLimit" | "clientLimit" | null {
    if (this.#open >= this.#ownMax || !this.counts.total.take(this.#max)) return "processLimit";
    const refusal = client === null ? null : this.name(client);
    if (refusal === null) this.#open++;
    else this.counts.total.add(-1);
    return refusal;
  }

  /** Counts one in that is let in whatever the caps are. */
  add(client: string): void {
    this.#open++;
    this.counts.total.add(1);
    this.counts.clients.take(client, Number.POSITIVE_INFINITY);
  }

  /** Counts a connection that was let in among its client's, or says why not: then it is still nobody's. */
  name(client: string): "clientLimit" | null {
    return this.counts.clients.take(client, this.#perClient) ? null : "clientLimit";
  }

  /** `client` null: it was nobody's to the end. */
  release(client: string | null): void {
    this.#open--;
    this.counts.total.add(-1);
    if (client !== null) this.counts.clients.give(client);
  }
}

/** Each client connection may need one upstream connection: half of what is left. */
function derivedCap(fileLimit: number | null): number {
  if (fileLimit === null || fileLimit === Number.POSITIVE_INFINITY) return UNKNOWN_LIMIT;
  const reserved = Math.min(RESERVED_DESCRIPTORS, Math.floor(fileLimit / 2));
  return Math.max(1, Math.floor((fileLimit - reserved) / 2));
}
