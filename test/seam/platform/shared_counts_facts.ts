/** What shared_counts_test.ts and the processes that it starts agree on. */
export const CAP = 1;
/** They begin when all are there. */
export const CONTENDERS = 3;
export const CHECKED_KINDS = 3;
/** Behind the checks of kinds: how many are there. */
export const ARRIVED = 2 * CHECKED_KINDS;
export const RATE = { perSecond: 1000, burst: 100_000 };
