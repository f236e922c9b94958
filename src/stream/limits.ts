/** Hosts that are tried for one session of UDP: only what this host itself knows of the way there is told at once. */
export const CONNECT_ATTEMPTS = 3;

/** Clients whose refused host is remembered, for each port: who would have sent them on comes back within a moment, or does not matter. */
export const REFUSALS_KEPT = 1024;

/** Datagrams that are read before a socket goes to another process: what its buffer holds at 4 MiB of small ones (each takes 768 bytes there). */
export const LAST_DATAGRAMS = 8192;

/** Sessions that get a socket of their own when another process goes on: kernels before 6.13 look through all of them for each datagram. */
export const SPLIT_SESSIONS = 4096;

/** How often sessions that began meanwhile are looked at then. A round lasts microseconds, so that few come in one. */
export const LAST_ROUNDS = 4;

/** Beyond a session's idle time: some turns of the event loop. */
export const LAST_CALL_MS = 50;
