import type { Counter, CounterVector, Numbers } from "./numbers.ts";

/** What became of files of TLS that changed. */
export const ROTATIONS = Object.freeze(["loaded", "refused"] as const);

const EXPIRY = "Seconds until the certificate in use expires, negative when it has";

/** Numbers of certificates and authorities. */
export class TlsMetrics {
  readonly #n: Numbers;
  readonly #rotations: CounterVector;

  constructor(n: Numbers) {
    this.#n = n;
    this.#rotations = n.vector(
      "weir_certificate_rotations_total",
      "Changed files of certificates, keys and authorities, by what became of them",
      { label: "result", names: ROTATIONS },
      {},
      "always",
      // A file changes once, whatever the number of workers that then take it.
      "control",
    );
  }

  rotated(result: (typeof ROTATIONS)[number]): void {
    this.#rotations.add(ROTATIONS.indexOf(result), 1);
  }

  /** `certificate` is its name in the config. Of several processes the one that serves the oldest tells. */
  listenerExpiry(listener: string, certificate: string): Counter {
    return this.#n.gauge("weir_certificate_expiry_seconds", EXPIRY, { listener, certificate }, "min");
  }

  clusterExpiry(cluster: string, certificate: string): Counter {
    return this.#n.gauge("weir_cluster_certificate_expiry_seconds", EXPIRY, { cluster, certificate }, "min");
  }

  forgetListenerExpiry(listener: string, certificate: string): void {
    this.#n.forget("weir_certificate_expiry_seconds", { listener, certificate });
  }

  forgetClusterExpiry(cluster: string, certificate: string): void {
    this.#n.forget("weir_cluster_certificate_expiry_seconds", { cluster, certificate });
  }
}
