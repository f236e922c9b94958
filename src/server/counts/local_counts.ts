import type { RateSpec } from "../../config/model.ts";
import type { ClientCounts, ConnectionCounts, ConnectionRate, OpenCount } from "./connection_counts.ts";
import { LocalRate } from "./local_rate.ts";

/** Of a process that serves by itself. */
export class LocalCounts implements ConnectionCounts {
  readonly total: OpenCount = new LocalCount();
  readonly clients: ClientCounts = new LocalClients();

  listener(_name: string): OpenCount {
    return new LocalCount();
  }

  rate(_listener: string, spec: RateSpec): ConnectionRate {
    return new LocalRate(spec);
  }
}

export class LocalCount implements OpenCount {
  #open = 0;

  get value(): number {
    return this.#open;
  }

  take(max: number): boolean {
    if (this.#open >= max) return false;
    this.#open++;
    return true;
  }

  add(n: number): void {
    this.#open += n;
  }
}

class LocalClients implements ClientCounts {
  readonly #open = new Map<string, number>();

  take(client: string, max: number): boolean {
    const open = this.#open.get(client) ?? 0;
    if (open >= max) return false;
    this.#open.set(client, open + 1);
    return true;
  }

  give(client: string): void {
    const left = (this.#open.get(client) ?? 1) - 1;
    if (left === 0) this.#open.delete(client);
    else this.#open.set(client, left);
  }
}
