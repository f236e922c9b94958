/**
 * What stands where in the memory in which the processes of a weir count connections together, in words of 32 bits:
 *
 *   header │ rates: 64 bits for each listener's place │ row │ row │ …
 *   row:     total, listeners by place, clients: sets of 8 keys and their 8 counts
 *
 * A row is one process's, which alone writes it; what there is in all is the sum of the rows. No read is torn: a word that is aligned is
 * read and written whole by the processor. What is written is written by Atomics, and a sum begins with an atomic load (`rowsInUse`).
 * Of two processes that count in at the same moment at least one so sees the other: their writes have an order, and no read of a sum
 * comes before the write that went before it, neither by the compiler nor by the processor.
 *
 * Raise the version when any of this changes.
 */
export const COUNTS_VERSION = 1;

/** Words of the header. */
export const AT_VERSION = 0;
/** Rows that have been in use: those behind are all zero. */
export const AT_ROWS = 1;
/** The key of the hash that stands for a client address, two words. */
export const AT_KEY = 2;

const HEADER_WORDS = 16;

/** Listeners that are counted together: more than a config has, save one made to have them. */
export const LISTENER_PLACES = 1024;
/** Sets of 8 keys: room for 65,536 client addresses at one process. Of 16,384 addresses 1 in 7,000 finds its set full, of 32,768 1 in 120. */
export const CLIENT_SETS = 8192;
/** Keys, and counts behind them: together one line of the processor's cache. */
export const CLIENT_WAYS = 8;

const RATES_AT = HEADER_WORDS;
const ROWS_AT = RATES_AT + 2 * LISTENER_PLACES;

/** Of a row. */
export const ROW_TOTAL = 0;
export const ROW_LISTENERS = 16;
export const ROW_CLIENTS = ROW_LISTENERS + LISTENER_PLACES;
export const ROW_WORDS = ROW_CLIENTS + 2 * CLIENT_WAYS * CLIENT_SETS;

/** How many rows a sum is made of. The other words may be read without Atomics after this, which is several times as fast. */
export function rowsInUse(words: Int32Array): number {
  return Atomics.load(words, AT_ROWS);
}

export function bytesOfRows(rows: number): number {
  return 4 * (ROWS_AT + rows * ROW_WORDS);
}

/** The first word of a row. */
export function rowAt(row: number): number {
  return ROWS_AT + row * ROW_WORDS;
}

/** Of a listener's rate, as an index of 64-bit words. */
export function rateAt(place: number): number {
  return RATES_AT / 2 + place;
}

/** A set of a row's clients, from the row's first word. */
export function setOf(key: number): number {
  return ROW_CLIENTS + 2 * CLIENT_WAYS * (key & (CLIENT_SETS - 1));
}
