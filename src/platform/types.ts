import type { Address } from "../base/address.ts";
import type { ProxyError } from "../base/error.ts";

export type { Address, TcpAddress, UnixAddress } from "../base/address.ts";

/** Facts of a connection, worked out when first read and kept for its life. */
export interface ConnInfo {
  readonly id: number;
  readonly local: Address;
  readonly remote: Address;
}

/**
 * One byte stream. Push style: the adapter calls the handler, never after `onClose`, and never from inside
 * `write`, `end`, `pause`, `resume` or `setHandler` (those only queue). A throw in a handler destroys the connection.
 */
export interface Conn {
  readonly info: ConnInfo;
  /** Swaps who is called from now on: peek, then a codec, then a tunnel. */
  setHandler(h: ConnHandler): void;
  /**
   * Takes all parts and never drops; the parts belong to the connection from here on and must not be changed.
   * false: some are queued, wait for `onDrain` before the next write (a further write is queued behind).
   * `flushed` runs once when the last byte of these parts has left for the kernel, possibly before this returns; never after a close.
   */
  write(parts: readonly Uint8Array[], flushed?: () => void): boolean;
  /** Stops `onData` and `onEnd`; what has been received stays, without loss. RST and close may still be told. */
  pause(): void;
  resume(): void;
  /** Half-close: FIN after all that is queued; reading goes on. */
  end(): void;
  /** RST: what is queued is dropped. */
  reset(): void;
  /** Closes at once both ways; `onClose(cause)` follows on a later turn. Queued bytes may be lost: `end` first for a clean close. */
  destroy(cause: ProxyError | null): void;
  /** Bytes taken by `write` and not yet handed to the kernel. */
  readonly queued: number;
}

export interface ConnHandler {
  /** The chunk belongs to the handler: it has memory of its own and is never reused by the adapter. */
  onData(b: Uint8Array): void;
  /** All queued bytes have been handed to the kernel after a `write` that returned false. */
  onDrain(): void;
  /** The peer's FIN; writing still works. */
  onEnd(): void;
  /** The last call: both directions are gone. `cause` is null after an orderly close. */
  onClose(cause: ProxyError | null): void;
}

/** A dial's handler also hears of the connection's opening. A failed dial is `onClose` without `onOpen`. */
export interface DialHandler extends ConnHandler {
  onOpen(c: Conn): void;
}

export interface KeepAlive {
  /** Idle milliseconds before the first probe. */
  readonly idleMs: number;
}

export interface ListenOptions {
  /** Accept queue length; the adapter asks the kernel for its own maximum (somaxconn) when absent. */
  readonly backlog?: number;
  /** SO_REUSEPORT: several processes share the address. */
  readonly reusePort?: boolean;
  /** Only IPv6 when listening on an IPv6 address. */
  readonly ipv6Only?: boolean;
  /** TCP keepalive of accepted connections; null or absent: off. */
  readonly keepAlive?: KeepAlive | null;
  /** File mode of a unix socket, such as 0o600. */
  readonly mode?: number;
  /** Told of accept failures (EMFILE and the like); accepting goes on afterwards, paced by the adapter so that it never spins. */
  readonly onError?: (e: ProxyError) => void;
}

export interface DialOptions {
  readonly keepAlive?: KeepAlive | null;
  /** Source address (an IP literal) of the connection. */
  readonly source?: string;
}

export interface Listener {
  /** The address in force, its port filled in. */
  readonly address: Address;
  /** Stops accepting; connections live on. Resolves when the socket is closed (and a unix path unlinked). */
  close(): Promise<void>;
}

export interface Timer {
  cancel(): void;
}
export interface Closer {
  close(): void;
}

/** What a runtime must give. `memory.ts` is the fake with a manual clock; `node.ts` works on Bun, Deno and Node; `bun.ts` where Bun's own sockets are faster. */
export interface Platform {
  readonly name: "bun" | "deno" | "node" | "memory";
  /** Milliseconds on a monotonic clock, with fractions. */
  now(): number;
  /** Milliseconds since the epoch. */
  wallNow(): number;
  /** One shot; `ms` from now. A pending timer keeps the process alive only when `ref` is true. */
  setTimer(ms: number, f: () => void, ref?: boolean): Timer;
  /**
   * Rejects with a ProxyError: `addressInUse`, or `internal` with what the system said.
   * `accept` is called for each connection and returns its handler.
   */
  listen(at: Address, o: ListenOptions, accept: (c: Conn) => ConnHandler): Promise<Listener>;
  /** Host names are not resolved here: `to.host` is an IP literal. Errors: `connectRefused`, `connectFailed`, `noDescriptors`. `cancel` before onOpen: no more calls. */
  dial(to: Address, o: DialOptions, h: DialHandler): { cancel(): void };
  /** Resolves names with TTLs (seconds). Rejects with the system's error; `family` 4 or 6. */
  resolve(name: string, family: 4 | 6): Promise<readonly { address: string; ttl: number }[]>;
  /** Calls `f` when anything in the directory changes, symlink swaps included; debounced by the caller. */
  watch(dir: string, f: () => void): Closer;
  /** Operating-system calls that need more than the runtime's modules; null where they can't be had. */
  readonly os: OsCalls | null;
}

export interface OsCalls {
  /** Sets gid, supplementary groups and uid, in this order, and checks that they can't be taken back. Throws ProxyError. */
  dropPrivileges(uid: number, gid: number): void;
  /** Soft and hard limit of open files; null: unknown. */
  fileLimit(): { soft: number; hard: number } | null;
  /** Raises the soft limit of open files to the hard one; the limit in force afterwards. */
  raiseFileLimit(): number;
  /** The user id at the other end of a unix socket connection (SO_PEERCRED); null: unknown. */
  peerUser(c: Conn): number | null;
}
