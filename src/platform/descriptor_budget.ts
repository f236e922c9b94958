import { readdirSync, readFileSync } from "node:fs";
import { outOfDescriptors } from "./system_fault.ts";

/** Descriptors in use and the most that may be; null: the system does not tell. */
export type CountDescriptors = () => { used: number; limit: number } | null;

/**
 * While there is no room a new count waits this long, in milliseconds, or until so many were denied: a denied accept
 * frees what the runtime had opened ahead of us. A count costs about half a microsecond a descriptor in use.
 */
const REST_MS = 50;
const REST_FACTOR = 20;
const DENIED = 16;

/**
 * How many sockets may still be opened. Once the process has no descriptor left, an accept fails and the listener
 * stays readable: Bun then spins at a full core, Deno forgets who waits. So it never comes to that: from a reserve on,
 * new connections are accepted and reset, and dials fail. Dials may go deeper into the reserve than accepts, for they
 * serve a connection that is there already.
 */
export class DescriptorBudget {
  readonly #count: CountDescriptors;
  readonly #now: () => number;
  #left = 0;
  #forAccepts = 0;
  #forDials = 0;
  #again = Number.NEGATIVE_INFINITY;
  #denials = 0;

  constructor(count: CountDescriptors = countDescriptors, now: () => number = () => performance.now()) {
    this.#count = count;
    this.#now = now;
  }

  /** Whether one more connection may be accepted; true takes a descriptor. */
  takeForAccept(): boolean {
    return this.#take(this.#forAccepts) || (this.#recount() && this.#take(this.#forAccepts));
  }

  /** Whether one more connection may be dialed; true takes a descriptor. */
  takeForDial(): boolean {
    return this.#take(this.#forDials) || (this.#recount() && this.#take(this.#forDials));
  }

  /** Whether `takeForAccept` would succeed. */
  roomForAccept(): boolean {
    return this.#left > this.#forAccepts || (this.#recount() && this.#left > this.#forAccepts);
  }

  /** A socket that was open already belongs to a connection from now on. */
  takeOpen(): void {
    this.#left--;
  }

  /** A socket that was taken for has been closed. */
  give(): void {
    this.#left++;
  }

  #take(reserve: number): boolean {
    if (this.#left <= reserve) return false;
    this.#left--;
    return true;
  }

  /** The estimate drifts with every descriptor that others open; the count sets it right. False: too soon again. */
  #recount(): boolean {
    const from = this.#now();
    if (from < this.#again && --this.#denials > 0) return false;
    const counted = this.#count();
    const to = this.#now();
    this.#again = to + Math.max(REST_MS, (to - from) * REST_FACTOR);
    this.#denials = counted === null ? DENIED : Math.max(DENIED, counted.used >> 4);
    if (counted === null) {
      this.#left = Number.POSITIVE_INFINITY;
      return true;
    }
    this.#left = counted.limit - counted.used;
    this.#forAccepts = Math.min(1024, Math.max(16, counted.limit >> 3));
    this.#forDials = this.#forAccepts >> 1;
    return true;
  }
}

let lastLimit = 0;

/** Linux's own figures. To count takes a descriptor: where there is none left, all are in use. */
function countDescriptors(): { used: number; limit: number } | null {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"));
    if (limit === null) return null;
    lastLimit = Number(limit[1]);
    return { used: readdirSync("/proc/self/fd").length, limit: lastLimit };
  } catch (e) {
    return outOfDescriptors(e) ? { used: lastLimit, limit: lastLimit } : null;
  }
}
