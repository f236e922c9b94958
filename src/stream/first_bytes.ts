import { encodeLatin1, NO_BYTES } from "../base/bytes.ts";
import { downstreamFault, type ProxyError } from "../base/error.ts";
import { Timed } from "../base/timer_wheel.ts";
import type { Conn, ConnHandler, TlsInfo, TlsServerContext } from "../platform/types.ts";
import { type ClientHello, readClientHello } from "../tls/hello/client_hello.ts";
import { detectProtocol } from "../tls/hello/detect_protocol.ts";
import { ALERT } from "../tls/hello/hello_fault.ts";
import type { LinkEnv } from "../wire/link.ts";

/** What a connection turned out to carry in cleartext, or inside of TLS. */
export type Carried = "http1" | "http2";

/** The listener of a connection whose first bytes decide. */
export interface FirstBytesHost {
  /** From the accept to the end of the handshake, or to what tells the protocol: milliseconds. */
  readonly timeoutMs: number;
  /** Whether cleartext is served; its protocol is told from its bytes. */
  readonly takesPlain: boolean;
  readonly takesTls: boolean;
  /** The context for a client's hello; null: refuse the handshake. */
  choose(hello: ClientHello): TlsServerContext | null;
  /** Serves cleartext: `unread` is all that came. */
  serve(p: FirstBytes, carried: Carried, unread: Uint8Array): void;
  /** Serves what is inside of TLS. */
  serveSecure(p: FirstBytes, carried: Carried): void;
  /** It ended before it was served. `e` null: the client went away without a word. */
  ended(p: FirstBytes, e: ProxyError | null): void;
}

/*
 *   reading ──a hello──▶ handshake ──onSecure──▶ over (served)
 *      │└──cleartext that is taken──────────────▲
 *      └──anything else, time, close──▶ over (ended)
 */
const READING = 0;
const HANDSHAKE = 1;
const OVER = 2;

/** A connection of which nothing is known yet: reads its first bytes, chooses by them, and hands it over. */
export class FirstBytes extends Timed implements ConnHandler {
  readonly conn: Conn;
  /** What the client asked for; null before that, and in cleartext. */
  hello: ClientHello | null = null;
  readonly #host: FirstBytesHost;
  readonly #link: LinkEnv;
  #bytes: Uint8Array = NO_BYTES;
  #state = READING;

  constructor(host: FirstBytesHost, link: LinkEnv, conn: Conn) {
    super();
    this.conn = conn;
    this.#host = host;
    this.#link = link;
    link.wheel.schedule(this, link.flusher.now + host.timeoutMs);
  }

  onData(b: Uint8Array): void {
    if (this.#state !== READING) return;
    this.#event(() => {
      this.#bytes = this.#bytes.length === 0 ? b : joined(this.#bytes, b);
      this.#decide();
    });
  }

  onSecure(info: TlsInfo): void {
    if (this.#state !== HANDSHAKE) return;
    this.#event(() => {
      this.#over();
      this.#host.serveSecure(this, info.alpn === "h2" ? "http2" : "http1");
    });
  }

  onEnd(): void {
    if (this.#state === READING) this.#refuse(null);
  }

  onClose(cause: ProxyError | null): void {
    if (this.#state === OVER) return;
    this.#event(() => {
      this.#over();
      this.#host.ended(this, cause);
    });
  }

  onDrain(): void {
    // Nothing is written here.
  }

  onDue(_now: number): void {
    if (this.#state === OVER) return;
    const what = this.#state === HANDSHAKE ? "the handshake was not done" : "the first bytes did not come";
    this.#refuse(downstreamFault("headTimeout", 0, `${what} in time`));
  }

  readonly tunnelling = false;

  /** It has no request in hand: a drain ends it. */
  drain(stage: "announce" | "last"): void {
    if (stage === "last") this.abort(null);
  }

  /** Ends it now, whatever it waits for. */
  abort(cause: ProxyError | null): void {
    if (this.#state !== OVER) this.#refuse(cause);
  }

  #decide(): void {
    const bytes = this.#bytes;
    const protocol = detectProtocol(bytes);
    if (protocol === "tls" && this.#host.takesTls) {
      this.#readHello(bytes);
      return;
    }
    if (protocol === "more") return;
    if (!this.#host.takesPlain || protocol === "tls") {
      if (protocol === "http1") this.conn.write([PLAIN_TO_TLS]);
      this.#refuse(downstreamFault("tlsHandshake", 0, `no ClientHello: the connection begins as ${NAMES[protocol]}`), true);
      return;
    }
    this.#over();
    // What is no HTTP at all is answered by the codec of HTTP/1.
    this.#host.serve(this, protocol === "http2" ? "http2" : "http1", bytes);
  }

  #readHello(bytes: Uint8Array): void {
    const answer = readClientHello(bytes);
    // It bounds by itself what may come before a hello is whole.
    if (answer.kind === "more") return;
    if (answer.kind === "notTls") {
      this.#alert(ALERT.unexpectedMessage, "no ClientHello");
      return;
    }
    if (answer.kind === "fault") {
      this.#alert(answer.alert, answer.reason);
      return;
    }
    this.hello = answer;
    const context = this.#host.choose(answer);
    if (context === null) {
      // RFC 6066 3.
      this.#alert(ALERT.unrecognizedName, `no certificate for the name ${JSON.stringify(answer.serverName ?? "")}`);
      return;
    }
    this.#state = HANDSHAKE;
    this.#bytes = NO_BYTES;
    this.conn.secure(context, bytes);
  }

  /** Ends the handshake before it begins, with a fatal alert in a record of TLS 1.2, as before any agreement (RFC 8446 5.1 and 6). */
  #alert(alert: number, text: string): void {
    this.conn.write([Uint8Array.of(21, 3, 3, 0, 2, 2, alert)]);
    this.#refuse(downstreamFault("tlsHandshake", 0, text), true);
  }

  /** `said`: something was written that must reach the client. */
  #refuse(e: ProxyError | null, said = false): void {
    this.#over();
    this.#host.ended(this, e);
    if (said) this.conn.end();
    this.conn.destroy(null);
  }

  #over(): void {
    this.#state = OVER;
    this.#bytes = NO_BYTES;
    this.#link.wheel.remove(this);
  }

  #event(f: () => void): void {
    const { flusher } = this.#link;
    flusher.enter();
    try {
      f();
    } finally {
      flusher.leave();
    }
  }
}

const NAMES: Readonly<Record<string, string>> = {
  http1: "HTTP/1.x",
  http2: "HTTP/2 in cleartext",
  tls: "TLS",
  other: "none of HTTP and TLS",
};

/** For people who forget the `s`. */
const HINT = "This port speaks TLS: ask for it by https://\n";
const PLAIN_TO_TLS = encodeLatin1(
  `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${HINT.length}\r\n\r\n${HINT}`,
);

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
