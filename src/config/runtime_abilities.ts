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
  /** Modules of the config: with the packages that Weir offers them, by themselves alone, or not at all. */
  readonly modules: "packages" | "files" | "none";
}

/** What a module of the config is loaded for. */
export type ModuleKind = "handler" | "filter";

/** A runtime without limits: nothing is told of it. */
export const EVERY_ABILITY: RuntimeAbilities = Object.freeze({
  runtime: "any",
  ciphers: true,
  curves: true,
  ocsp: true,
  modules: "packages",
});
