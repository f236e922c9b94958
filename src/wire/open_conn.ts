import type { ProxyError } from "../base/error.ts";
import type { Conn, Detached } from "../platform/types.ts";

/** A connection of a listener, whatever it carries. */
export interface OpenConn {
  readonly conn: Conn;
  /** It is a tunnel, or some of its streams are. */
  readonly tunnelling: boolean;
  /** announce: each reply from now on is its connection's last. last: idle connections close now as well. */
  drain(stage: "announce" | "last"): void;
  /** Gives it up when it waits for a request and holds nothing, so that another process can go on with it; null: it can't. */
  giveUp?(): Detached | null;
  /** Cuts it. */
  abort(cause: ProxyError | null): void;
}
