/** What the runtime beneath can do for a config. Values come from where the runtime is known, down to who reads the config. */
export interface RuntimeAbilities {
  /** As messages name it, such as `bun`. */
  readonly runtime: string;
  /** Lists of cipher suites for TLS 1.2. */
  readonly ciphers: boolean;
  /** Lists of groups for the key exchange. */
  readonly curves: boolean;
  /** Stapling of OCSP answers. */
  readonly ocsp: boolean;
}

/** A runtime without limits: nothing is told of it. */
export const EVERY_ABILITY: RuntimeAbilities = Object.freeze({ runtime: "any", ciphers: true, curves: true, ocsp: true });
