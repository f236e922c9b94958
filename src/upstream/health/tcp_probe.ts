import { concatBytes, latin1, NO_BYTES } from "../../base/bytes.ts";
import type { ProxyError } from "../../base/error.ts";
import type { HealthCheckSpec } from "../../config/traffic_model.ts";
import type { Conn, DialHandler } from "../../platform/types.ts";
import { dialHost, optionsFor } from "../dialer.ts";
import type { PoolEnv } from "../pool/host_pool.ts";
import type { Host } from "../types.ts";
import { type CheckResult, type Probe, type ProbeOwner, reason } from "./probe.ts";

type TcpProbeSpec = Extract<HealthCheckSpec["probe"], { kind: "tcp" }>;

/** Asks by a connection alone, or by what comes back for what is sent. */
export class TcpProbe implements Probe {
  readonly #host: Host;
  readonly #env: PoolEnv;
  readonly #spec: TcpProbeSpec;
  readonly #keeps: boolean;
  readonly #owner: ProbeOwner;
  #talk: Talk | null = null;

  constructor(host: Host, env: PoolEnv, spec: TcpProbeSpec, reuse: boolean, owner: ProbeOwner) {
    this.#host = host;
    this.#env = env;
    this.#spec = spec;
    // A connection that nothing is asked over tells nothing when it is there already, and one that greets does so once.
    this.#keeps = reuse && spec.send !== null && spec.expect !== null;
    this.#owner = owner;
  }

  start(): void {
    if (this.#talk?.again() === true) return;
    this.#dial();
  }

  cancel(): void {
    this.#talk?.close();
    this.#talk = null;
  }

  close(): void {
    this.cancel();
  }

  #dial(): void {
    const talk = new Talk(this.#spec, (result, why) => this.#ended(talk, result, why));
    this.#talk = talk;
    talk.dial(this.#host, this.#env);
  }

  #ended(talk: Talk, result: CheckResult | "stale", why: string): void {
    if (result !== "passed" || !this.#keeps) {
      talk.close();
      if (this.#talk === talk) this.#talk = null;
    }
    if (result === "stale") this.#dial();
    else this.#owner.onResult(result, reason(why));
  }
}

const ENDED = "the connection ended before what is expected";

/** One connection, and the check under way on it. */
class Talk implements DialHandler {
  readonly #spec: TcpProbeSpec;
  /** `stale`: the host had closed the connection before it was asked anew. */
  readonly #end: (result: CheckResult | "stale", why: string) => void;
  #dial: { cancel(): void } | null = null;
  #conn: Conn | null = null;
  #got: Uint8Array = NO_BYTES;
  #asking = true;
  #reused = false;
  #closed = false;

  constructor(spec: TcpProbeSpec, end: (result: CheckResult | "stale", why: string) => void) {
    this.#spec = spec;
    this.#end = end;
  }

  dial(host: Host, env: PoolEnv): void {
    const dial = dialHost(env.platform, host, optionsFor(env, host, null), this);
    if (!this.#closed) this.#dial = dial;
  }

  /** Asks anew over the same connection; false: it is gone. */
  again(): boolean {
    if (this.#closed || this.#conn === null) return false;
    this.#asking = this.#reused = true;
    this.#got = NO_BYTES;
    this.#ask(this.#conn);
    return true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#asking = false;
    this.#dial?.cancel();
    this.#conn?.destroy(null);
  }

  onOpen(c: Conn): void {
    if (this.#closed) {
      c.destroy(null);
      return;
    }
    this.#conn = c;
    this.#ask(c);
  }

  onData(b: Uint8Array): void {
    const { expect } = this.#spec;
    // What was not asked for: the rest of an answer.
    if (!this.#asking || expect === null) return;
    const got = concatBytes([this.#got, b.subarray(0, expect.length - this.#got.length)]);
    this.#got = got;
    if (!got.every((byte, i) => byte === expect[i])) this.#settle("failed", `the answer begins otherwise: ${textOf(got)}`);
    else if (got.length === expect.length) this.#settle("passed", "");
  }

  onDrain(): void {}

  onEnd(): void {
    this.#settle(this.#isStale ? "stale" : "failed", ENDED);
    this.close();
  }

  onClose(cause: ProxyError | null): void {
    this.#closed = true;
    const own = cause?.facts.code === "noDescriptors";
    this.#settle(own ? "skipped" : this.#isStale ? "stale" : "network", cause?.message ?? ENDED);
  }

  get #isStale(): boolean {
    return this.#reused && this.#got.length === 0;
  }

  #ask(c: Conn): void {
    const { send, expect } = this.#spec;
    if (send !== null) c.write([send]);
    if (expect === null) this.#settle("passed", "");
  }

  #settle(result: CheckResult | "stale", why: string): void {
    if (!this.#asking) return;
    this.#asking = false;
    this.#end(result, why);
  }
}

/** What is no printable ASCII as an escape: it stands in logs. */
function textOf(b: Uint8Array): string {
  return JSON.stringify(latin1(b, 0, b.length)).replace(/[\x7f-\xff]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`);
}
