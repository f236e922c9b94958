import { concatBytes, encodeLatin1, NO_BYTES } from "../base/bytes.ts";
import { downstreamFault, type ProxyError } from "../base/error.ts";
import { Timed } from "../base/timer_wheel.ts";
import type { Conn, ConnHandler, TlsInfo, TlsServerContext } from "../platform/types.ts";
import { type ClientHello, readClientHello } from "../tls/hello/client_hello.ts";
import { detectProtocol } from "../tls/hello/detect_protocol.ts";
import { ALERT } from "../tls/hello/hello_fault.ts";
import type { LinkEnv } from "../wire/link.ts";

/** What a connection turned out to carry in cleartext, or inside of TLS. */
export type Carried = "http1" | "http2" | "other";

/** What a hello comes to: the handshake begins, it is served already, or it is refused. */
export type HelloChoice = TlsServerContext | "served" | ProxyError;

/** The listener of a connection whose first bytes decide. */
export interface FirstBytesHost<C> {
  /** From the accept to the end of the handshake, or to what tells the protocol: milliseconds. */
  readonly timeoutMs: number;
  /** After so long without a byte `serveSilent` is asked; Infinity: never. */
  readonly silenceMs: number;
  /** Hellos decide something; else TLS is as any other protocol. */
  readonly readsTls: boolean;
  /** Protocols other than TLS and HTTP are served. */
  readonly takesOthers: boolean;
  /** `unread` is all that came, for a connection that is served as it is. */
  choose(p: FirstBytes<C>, hello: ClientHello, unread: Uint8Array): HelloChoice;
  /** Serves it as it is: `unread` is all that came. False: no chain is for it, and it is still the caller's. */
  serve(p: FirstBytes<C>, carried: Carried, unread: Uint8Array): boolean;
  /** The client waits for the other side to speak first. False: no chain is for it. */
  serveSilent(p: FirstBytes<C>): boolean;
  /** Serves what is inside of TLS. */
  serveSecure(p: FirstBytes<C>, carried: Carried): void;
  /** It ended before it was served. `e` null: the client went away without a word. */
  ended(p: FirstBytes<C>, e: ProxyError | null): void;
}

/*
 *   reading ──a hello to be ended──▶ handshake ──onSecure──▶ over (served)
 *      │└──cleartext that is taken, a hello to be passed, silence──▲
 *      └──anything else, time, close──▶ over (ended)
 */
const READING = 0;
const HANDSHAKE = 1;
const OVER = 2;

/** A connection of which nothing is known yet: reads its first bytes, chooses by them, and hands it over. `C`: what its host chooses among. */
export class FirstBytes<C> extends Timed implements ConnHandler {
  readonly conn: Conn;
  /** What the client asked for; null before that, and in cleartext. */
  hello: ClientHello | null = null;
  /** What was chosen for its hello; null before that. */
  chain: C | null = null;
  /** The client's FIN has come. */
  clientEnded = false;
  readonly #host: FirstBytesHost<C>;
  readonly #link: LinkEnv;
  readonly #giveUpAt: number;
  #bytes: Uint8Array = NO_BYTES;
  #state = READING;

  constructor(host: FirstBytesHost<C>, link: LinkEnv, conn: Conn) {
    super();
    this.conn = conn;
    this.#host = host;
    this.#link = link;
    const { now } = link.flusher;
    this.#giveUpAt = now + host.timeoutMs;
    link.wheel.schedule(this, Math.min(this.#giveUpAt, now + host.silenceMs));
  }

  onData(b: Uint8Array): void {
    if (this.#state !== READING) return;
    this.#event(() => {
      this.#bytes = this.#bytes.length === 0 ? b : concatBytes([this.#bytes, b]);
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
    if (this.#state !== READING) return;
    this.clientEnded = true;
    this.#event(() => {
      // A short message with a FIN behind it: no more will come to tell what it is.
      const isOther = this.#bytes.length > 0 && detectProtocol(this.#bytes, this.#host.takesOthers) === "more";
      if (!isOther || !this.#serve("other")) this.#refuse(null);
    });
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

  onDue(now: number): void {
    if (this.#state === OVER) return;
    if (now < this.#giveUpAt) {
      this.#link.wheel.schedule(this, this.#giveUpAt);
      if (this.#state === READING && this.#bytes.length === 0) this.#event(() => this.#serveSilent());
      return;
    }
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
    const { takesOthers, readsTls } = this.#host;
    const protocol = detectProtocol(this.#bytes, takesOthers);
    if (protocol === "more") return;
    if (protocol === "tls" && readsTls) {
      this.#readHello();
      return;
    }
    this.#servePlain(protocol === "tls" ? "other" : protocol);
  }

  #servePlain(carried: Carried): void {
    if (this.#serve(carried)) return;
    const hints = carried === "http1" && this.#host.readsTls;
    if (hints) this.conn.write([PLAIN_TO_TLS]);
    const code = this.#host.takesOthers ? "noRoute" : "tlsHandshake";
    this.#refuse(downstreamFault(code, 0, `no ClientHello: the connection begins as ${NAMES[carried]}`), hints);
  }

  #serve(carried: Carried): boolean {
    if (!this.#host.serve(this, carried, this.#bytes)) return false;
    this.#over();
    return true;
  }

  #serveSilent(): void {
    if (this.#host.serveSilent(this)) this.#over();
  }

  #readHello(): void {
    const bytes = this.#bytes;
    const answer = readClientHello(bytes);
    // It bounds by itself what may come before a hello is whole.
    if (answer.kind === "more") return;
    if (answer.kind === "notTls") {
      if (!this.#serve("other")) this.#alert(ALERT.unexpectedMessage, hello("no ClientHello"));
      return;
    }
    if (answer.kind === "fault") {
      this.#alert(answer.alert, hello(answer.reason));
      return;
    }
    this.hello = answer;
    const choice = this.#host.choose(this, answer, bytes);
    if (choice === "served") {
      this.#over();
      return;
    }
    if (choice instanceof Error) {
      // RFC 6066 3.
      this.#alert(ALERT.unrecognizedName, choice);
      return;
    }
    this.#state = HANDSHAKE;
    this.#bytes = NO_BYTES;
    this.conn.secure(choice, bytes);
  }

  /** Ends the handshake before it begins, with a fatal alert in a record of TLS 1.2, as before any agreement (RFC 8446 5.1 and 6). */
  #alert(alert: number, e: ProxyError): void {
    this.conn.write([Uint8Array.of(21, 3, 3, 0, 2, 2, alert)]);
    this.#refuse(e, true);
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

function hello(reason: string): ProxyError {
  return downstreamFault("tlsHandshake", 0, reason);
}

const NAMES: Readonly<Record<Carried, string>> = {
  http1: "HTTP/1.x",
  http2: "HTTP/2 in cleartext",
  other: "none of HTTP and TLS",
};

/** For people who forget the `s`. */
const HINT = "This port speaks TLS: ask for it by https://\n";
const PLAIN_TO_TLS = encodeLatin1(
  `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${HINT.length}\r\n\r\n${HINT}`,
);
