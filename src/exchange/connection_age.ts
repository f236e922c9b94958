import { Timed } from "../base/timer_wheel.ts";
import type { LinkEnv } from "../wire/link.ts";
import type { DownstreamConn } from "./downstream_conn.ts";

/** Ends a client's connection in order when it has the age that its listener allows. */
export class ConnectionAge extends Timed {
  readonly #conn: DownstreamConn;
  readonly #link: LinkEnv;

  constructor(conn: DownstreamConn, link: LinkEnv, ms: number) {
    super();
    this.#conn = conn;
    this.#link = link;
    link.wheel.schedule(this, link.flusher.now + ms);
  }

  onDue(): void {
    const { flusher } = this.#link;
    flusher.enter();
    // HTTP/2 can announce it, so that no stream on its way is lost.
    this.#conn.drain(this.#conn.multiplexed ? "announce" : "last");
    flusher.leave();
  }

  /** The connection is gone. */
  cancel(): void {
    this.#link.wheel.remove(this);
  }
}
