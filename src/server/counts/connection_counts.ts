import type { RateSpec } from "../../config/model.ts";

/** How many connections there are of one kind, in all processes that serve together. */
export interface OpenCount {
  /** Counts one more in, unless there are `max` already; false: it is not counted. */
  take(max: number): boolean;
  /** How many there are now. */
  readonly value: number;
  /** `n` more, without asking; below 0: fewer. */
  add(n: number): void;
}

/** The same for each client address. */
export interface ClientCounts {
  take(client: string, max: number): boolean;
  /** One that was counted in is gone. */
  give(client: string): void;
}

/** How many connections a listener may still take now. */
export interface ConnectionRate {
  /** Takes one; false: there is none. `now` in milliseconds, on the platform's clock. */
  admits(now: number): boolean;
  /** Goes on where `before` is, when both mean the same. */
  follow(before: ConnectionRate): void;
}

/** What connections are counted in before they are held against the caps. */
export interface ConnectionCounts {
  readonly total: OpenCount;
  readonly clients: ClientCounts;
  listener(name: string): OpenCount;
  rate(listener: string, spec: RateSpec): ConnectionRate;
}
