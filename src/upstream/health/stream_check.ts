import { localFault, type ProxyError } from "../../base/error.ts";
import type { StreamReader, StreamWriter } from "../../http/codec.ts";
import type { Fields } from "../../http/fields.ts";
import type { RequestHead, ResponseHead } from "../../http/head.ts";
import type { HostPool } from "../pool/host_pool.ts";
import type { LeaseWaiter, StreamLease } from "../types.ts";
import { type CheckResult, type ProbeOwner, reason } from "./probe.ts";

/** Bytes of a body that are read so that the connection can be used again; a longer one costs the connection. */
const DRAIN_BYTES = 64 * 1024;

const GIVEN_UP = localFault("requestTimeout", 0, "the check is over");

/** One check that is a request on a stream. What is asked and what is a good answer is the subclass's matter. */
export abstract class StreamCheck implements StreamReader<ResponseHead>, LeaseWaiter {
  readonly #owner: ProbeOwner;
  #lease: StreamLease | null = null;
  #wait: { cancel(): void } | null = null;
  #pool: HostPool | null = null;
  #bytes = 0;
  #again = false;
  #over = false;

  constructor(owner: ProbeOwner) {
    this.#owner = owner;
  }

  start(pool: HostPool, fresh: boolean): void {
    this.#pool = pool;
    const wait = pool.lease(fresh, this, this);
    if (!this.#over && this.#lease === null) this.#wait = wait;
  }

  /** Without a result. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#wait?.cancel();
    this.#drop();
  }

  protected abstract ask(w: StreamWriter<RequestHead>): void;
  protected abstract head(h: ResponseHead): void;
  protected abstract data(b: Uint8Array): void;
  /** What the whole reply says; "": all is well. `trailers` null: there are none. */
  protected abstract verdict(trailers: Fields | null): string;

  // ---- LeaseWaiter ----

  onLease(l: StreamLease): void {
    this.#wait = null;
    this.#lease = l;
    this.ask(l.writer);
    l.wake();
  }

  onLeaseError(e: ProxyError): void {
    this.#wait = null;
    // Weir's own shortage tells nothing of the host.
    this.#settle(e.facts.code === "noDescriptors" ? "skipped" : "network", e.message);
  }

  // ---- StreamReader ----

  onInterim(): void {
    // RFC 9110 15.2: the final reply is still to come.
  }

  onHead(h: ResponseHead, end: boolean): void {
    if (this.#over) return;
    this.head(h);
    if (end) this.#judge(null);
  }

  onData(b: Uint8Array, end: boolean): void {
    if (this.#over) return;
    this.data(b);
    this.#bytes += b.length;
    if (end) this.#judge(null);
    else if (this.#bytes > DRAIN_BYTES) {
      this.#drop();
      this.#judge(null);
    } else this.#lease?.writer.credit(b.length);
  }

  onTrailers(f: Fields): void {
    if (!this.#over) this.#judge(f);
  }

  onWritable(): void {
    // What is asked fits in one piece.
  }

  onReset(e: ProxyError): void {
    if (this.#over) return;
    const stale = this.#lease?.reused === true && !this.#again && e.facts.retry !== "never";
    this.#lease = null;
    // The host's idle timeout and the check crossed on the wire (RFC 9112 9.3.1): that says nothing of the host.
    if (stale) {
      this.#again = true;
      this.start(this.#pool!, true);
    } else this.#settle("network", e.message);
  }

  #judge(trailers: Fields | null): void {
    const why = this.verdict(trailers);
    this.#settle(why === "" ? "passed" : "failed", why);
  }

  #settle(result: CheckResult, why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#lease = null;
    this.#owner.onResult(result, reason(why));
  }

  #drop(): void {
    const l = this.#lease;
    this.#lease = null;
    if (l === null) return;
    l.writer.reset(GIVEN_UP);
    l.wake();
  }
}
