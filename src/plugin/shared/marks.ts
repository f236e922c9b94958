import type { Numbering } from "../process/pool_process.ts";

/*
 * What a supervisor has to know of messages that it passes on without a look at them, so that it can end for the process what a worker
 * leaves open: pairs of a kind and a number.
 */

/** A request with this number goes to the process. */
export const OPENED = 1;
/** Nobody waits for its answer any more. */
export const CANCELLED = 2;
/** The process hears of this exchange. */
export const ENTERED = 3;
/** It hears no more of it. */
export const LEFT = 4;
/** The worker has answered a request of the process: which of those that were passed to it, from 1. */
export const ANSWERED = 5;
/** The process is told to watch endpoints under this number, and no more. */
export const WATCHED = 6;
export const UNWATCHED = 7;

/** Numbers of requests, exchanges and watches are those of a worker by their rest; that of the supervisor itself is 0. */
export const STEP = 4096;

/** The supervisor's own. */
export const OWN_NUMBERS: Numbering = Object.freeze({ first: STEP, step: STEP });

/** Those of the worker with this rest, 1 to `STEP` − 1. */
export function numbersOf(rest: number): Numbering {
  return { first: STEP + rest, step: STEP };
}

export function encodeMarks(pairs: readonly number[]): Uint8Array {
  return new Uint8Array(Float64Array.from(pairs).buffer);
}

export function readMarks(payload: Uint8Array, on: (kind: number, number: number) => void): void {
  // A copy, for it has to lie at a multiple of eight; `slice` of a Buffer makes none.
  const pairs = new Float64Array(new Uint8Array(payload).buffer);
  for (let i = 0; i + 1 < pairs.length; i += 2) on(pairs[i]!, pairs[i + 1]!);
}
