import type { EventLog } from "../../telemetry/event_log.ts";
import type { TlsMetrics } from "../../telemetry/tls_metrics.ts";
import type { Certificate } from "../certificate.ts";
import { spanText } from "../certificate_warnings.ts";
import type { CertificateUse, Owner } from "./tls_uses.ts";

/** Milliseconds left at which the log says so, once each. */
const STEPS: readonly number[] = [14, 7, 3, 1, 0].map((days) => days * 86_400_000);

interface Shown {
  readonly owner: Owner;
  readonly name: string;
  /** Version of the certificate that was told of, and how many of the steps were. */
  version: string;
  told: number;
}

/** The gauges of certificates' time left, and the log's warnings when it is short. */
export class ExpiryGauges {
  readonly #metrics: TlsMetrics;
  readonly #log: EventLog;
  readonly #shown = new Map<string, Shown>();

  constructor(metrics: TlsMetrics, log: EventLog) {
    this.#metrics = metrics;
    this.#log = log;
  }

  /** Gauges of all others are forgotten. */
  retain(uses: readonly CertificateUse[]): void {
    const wanted = new Set(uses.map(keyOf));
    for (const [key, { owner, name }] of [...this.#shown]) {
      if (wanted.has(key)) continue;
      this.#shown.delete(key);
      if (owner.kind === "listener") this.#metrics.forgetListenerExpiry(owner.name, name);
      else this.#metrics.forgetClusterExpiry(owner.name, name);
    }
  }

  /** `now` is in milliseconds since 1970. */
  show(use: CertificateUse, c: Certificate, now: number): void {
    const { owner, spec } = use;
    const left = c.notAfter - now;
    const gauge =
      owner.kind === "listener"
        ? this.#metrics.listenerExpiry(owner.name, spec.name)
        : this.#metrics.clusterExpiry(owner.name, spec.name);
    gauge.value = Math.round(left / 1000);
    this.#warn(use, c, left);
  }

  #warn(use: CertificateUse, c: Certificate, left: number): void {
    const { owner, spec } = use;
    const key = keyOf(use);
    let shown = this.#shown.get(key);
    if (shown === undefined || shown.version !== c.version) {
      shown = { owner, name: spec.name, version: c.version, told: 0 };
      this.#shown.set(key, shown);
    }
    // What is made for a few days is renewed with less left, and a quarter of its life is late for all.
    const latest = (c.notAfter - c.notBefore) / 4;
    const due = STEPS.filter((step) => left <= Math.min(step, latest)).length;
    if (due <= shown.told) return;
    shown.told = due;
    const facts = { certificate: spec.name, [owner.kind]: owner.name, expires: new Date(c.notAfter).toISOString() };
    if (left < 0) this.#log.log("error", "certificate has expired and is still served, renew it", facts);
    else this.#log.log("warning", "certificate expires soon", { ...facts, left: spanText(left) });
  }
}

function keyOf({ owner, spec }: CertificateUse): string {
  return JSON.stringify([owner.kind, owner.name, spec.name]);
}
