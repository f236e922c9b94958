import { downstreamFault, type ProxyError } from "../base/error.ts";
import { Timed } from "../base/timer_wheel.ts";
import type { Conn, ConnHandler } from "../platform/types.ts";
import type { HeaderAnswer, ProxyHeader } from "../proxy_protocol/header.ts";
import { HeaderReader, type HeaderVersions } from "../proxy_protocol/header_reader.ts";
import type { LinkEnv } from "../wire/link.ts";
import type { OpenConn } from "../wire/open_conn.ts";

/** What is asked of the proxies that are believed. */
export interface HeaderRules {
  readonly versions: HeaderVersions;
  /** A connection without a header is refused. */
  readonly required: boolean;
  /** From the accept to the header's last byte, in milliseconds. */
  readonly timeoutMs: number;
}

/** The listener of a connection that may begin with a header. */
export interface HeaderHost {
  /** What comes next is the client's. `header` null: it came without one. `unread`: all that came behind it. */
  headerRead(p: AwaitedHeader, header: ProxyHeader | null, unread: Uint8Array): void;
  /** It ended before. `e` null: the proxy went away without a word, as health checks do. */
  headerRefused(p: AwaitedHeader, e: ProxyError | null): void;
}

/** A connection of a proxy that has not said yet whom it speaks for. Nothing else is done to it before that (proxy-protocol.txt 2). */
export class AwaitedHeader extends Timed implements ConnHandler, OpenConn {
  readonly conn: Conn;
  readonly tunnelling = false;
  readonly #host: HeaderHost;
  readonly #rules: HeaderRules;
  readonly #link: LinkEnv;
  readonly #reader: HeaderReader;
  #over = false;

  constructor(host: HeaderHost, rules: HeaderRules, link: LinkEnv, conn: Conn) {
    super();
    this.conn = conn;
    this.#host = host;
    this.#rules = rules;
    this.#link = link;
    this.#reader = new HeaderReader(rules.versions);
    link.wheel.schedule(this, link.flusher.now + rules.timeoutMs);
  }

  onData(b: Uint8Array): void {
    this.#event(() => this.#take(this.#reader.receive(b)));
  }

  onEnd(): void {
    this.#event(() => this.#refuse(this.#reader.untouched ? null : fault("the connection ended in the middle of it")));
  }

  onClose(cause: ProxyError | null): void {
    this.#event(() => {
      this.#end();
      this.#host.headerRefused(this, cause);
    });
  }

  onDrain(): void {
    // Nothing is written here.
  }

  onDue(): void {
    this.#event(() => {
      // One that need not say anything may wait for the other side to speak first.
      if (!this.#rules.required && this.#reader.untouched) this.#pass(null, NOTHING);
      else this.#refuse(downstreamFault("headTimeout", 0, "the PROXY header did not come in time"));
    });
  }

  /** It has no request in hand: a drain ends it. */
  drain(stage: "announce" | "last"): void {
    if (stage === "last") this.abort(null);
  }

  abort(cause: ProxyError | null): void {
    if (!this.#over) this.#refuse(cause);
  }

  #take(answer: HeaderAnswer): void {
    switch (answer.kind) {
      case "more":
        return;
      case "header":
        this.#pass(answer.header, answer.unread);
        return;
      case "none":
        if (this.#rules.required) this.#refuse(fault("the connection begins with something else"));
        else this.#pass(null, answer.unread);
        return;
      case "fault":
        // 2.1: what does not match the protocol exactly ends the connection.
        this.#refuse(fault(answer.reason));
    }
  }

  #pass(header: ProxyHeader | null, unread: Uint8Array): void {
    this.#end();
    this.#host.headerRead(this, header, unread);
  }

  #refuse(e: ProxyError | null): void {
    this.#end();
    this.#host.headerRefused(this, e);
    this.conn.destroy(null);
  }

  #end(): void {
    this.#over = true;
    this.#link.wheel.remove(this);
  }

  #event(f: () => void): void {
    if (this.#over) return;
    const { flusher } = this.#link;
    flusher.enter();
    try {
      f();
    } finally {
      flusher.leave();
    }
  }
}

function fault(reason: string): ProxyError {
  return downstreamFault("proxyHeader", 0, `no good PROXY header: ${reason}`);
}

const NOTHING = new Uint8Array(0);
