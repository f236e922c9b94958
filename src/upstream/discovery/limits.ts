/** What DNS, a peer like any other, may make discovery do. Times are milliseconds. */

/** Addresses of one family that one name may bring: each becomes a host with a pool; the largest answer that fits a 64 KiB message has about 4,000. */
export const MAX_ADDRESSES = 1000;
/** A resolver that has not answered by then has failed: libc's own limit for two servers is 10 s for one try each. */
export const ANSWER_LIMIT_MS = 10_000;
/** With one family there, how long the first answer waits for the other: long enough for a slow server, short enough to start (RFC 8305 3 gives a person's client 50). */
export const FAMILY_WAIT_MS = 500;
/** First delay after a failure; doubled with each further one, up to the last. */
export const RETRY_FIRST_MS = 1000;
export const RETRY_LAST_MS = 30_000;
/** Part of the time to live at which a name is asked again, and the part that chance adds: always before expiry, never all names at once. */
export const REFRESH_AT = 0.8;
export const REFRESH_SPREAD = 0.15;
/** No name is asked more often, whatever its TTL and the config say. */
export const SHORTEST_MS = 100;
/** No timer runs longer: beyond 2^31 milliseconds a runtime's timer fires at once. */
export const LONGEST_MS = 24 * 3_600_000;
