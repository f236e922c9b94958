import type { Model } from "../../config/model.ts";
import type { Problem } from "../../config/problem.ts";
import type { CertificateSpec } from "../../config/tls_model.ts";
import type { Platform, Timer } from "../../platform/types.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import type { TlsMetrics } from "../../telemetry/tls_metrics.ts";
import { type Certificate, loadCertificate } from "../certificate.ts";
import { loadTrustStore, type TrustStore } from "../peer/trust_store.ts";
import { ExpiryGauges } from "./expiry_gauges.ts";
import { FileWatch } from "./file_watch.ts";
import { loadSecret, Secret, type SecretProblem, type SecretSource } from "./secret.ts";
import type { SecretFiles } from "./secret_files.ts";
import { type AuthoritiesUse, type CertificateUse, type Owner, pairId, tlsUses } from "./tls_uses.ts";

export interface SecretsEnv {
  readonly platform: Pick<Platform, "now" | "wallNow" | "setTimer" | "watch">;
  readonly log: EventLog;
  readonly metrics: TlsMetrics;
  readonly files: SecretFiles;
  /** Called when something good has taken the place of what was there. */
  readonly changed?: () => void;
}

/** What a model needs, all of it loaded. Nothing is in force before `commit`. */
export interface PreparedSecrets {
  readonly certificates: ReadonlyMap<string, Secret<Certificate>>;
  readonly authorities: ReadonlyMap<string, Secret<TrustStore>>;
  readonly uses: { readonly certificates: readonly CertificateUse[]; readonly authorities: readonly AuthoritiesUse[] };
}

/** While files do not fit together, they are looked at so often. */
const RETRY_MS = 500;

/**
 * Certificates, keys and authorities of the model in force, watched: what replaces one is used from the next handshake on when it can be
 * read, fits and is in date. Otherwise what was there stays, and the problem is logged, counted and shown.
 */
export class TlsSecrets {
  readonly #env: SecretsEnv;
  readonly #watch: FileWatch;
  readonly #gauges: ExpiryGauges;
  #now: PreparedSecrets = { certificates: new Map(), authorities: new Map(), uses: { certificates: [], authorities: [] } };
  #queue: Promise<unknown> = Promise.resolve();
  #retry: Timer | null = null;
  #closed = false;
  /** Since it was last told. */
  #replaced = false;

  constructor(env: SecretsEnv) {
    this.#env = env;
    this.#gauges = new ExpiryGauges(env.metrics, env.log);
    this.#watch = new FileWatch(env.platform, env.files, () => this.#lookSoon());
  }

  /** The certificate of a spec of the model in force, or of one that is prepared. */
  certificate(spec: CertificateSpec, among: PreparedSecrets = this.#now): Secret<Certificate> {
    return among.certificates.get(pairId(spec))!;
  }

  /** The authorities of a file, likewise. */
  authorities(path: string, among: PreparedSecrets = this.#now): Secret<TrustStore> {
    return among.authorities.get(path)!;
  }

  get inForce(): PreparedSecrets {
    return this.#now;
  }

  get uses(): PreparedSecrets["uses"] {
    return this.#now.uses;
  }

  /** Loads what the model needs and is not held already; what is held stays as it is. Problems: why the model can't be put in force. */
  async prepare(model: Model): Promise<PreparedSecrets | readonly Problem[]> {
    const uses = tlsUses(model);
    const problems: Problem[] = [];
    const certificates = new Map<string, Secret<Certificate>>();
    const authorities = new Map<string, Secret<TrustStore>>();
    for (const { owner, spec } of uses.certificates) {
      const source = { label: spec.name, paths: [spec.cert, spec.key], files: this.#env.files, load: loadPair };
      const p = await this.#hold(certificates, this.#now.certificates, pairId(spec), source);
      if (p !== null) problems.push(problemAt(owner, `certificate ${JSON.stringify(spec.name)}`, p));
    }
    for (const { owner, path } of uses.authorities) {
      const source = { label: path, paths: [path], files: this.#env.files, load: loadAuthorities };
      const p = await this.#hold(authorities, this.#now.authorities, path, source);
      if (p !== null) problems.push(problemAt(owner, `authorities in ${JSON.stringify(path)}`, p));
    }
    return problems.length > 0 ? problems : { certificates, authorities, uses };
  }

  /** From now on these are watched, and no others. */
  commit(prepared: PreparedSecrets): void {
    this.#now = prepared;
    this.#gauges.retain(prepared.uses.certificates);
    this.#showExpiry();
    void this.#serial(() => this.#watchAll());
  }

  close(): void {
    this.#closed = true;
    this.#watch.close();
    this.#retry?.cancel();
  }

  /** Looks at all files now. */
  look(): Promise<void> {
    return this.#serial(() => this.#look());
  }

  async #hold<T extends { readonly version: string }>(
    into: Map<string, Secret<T>>,
    held: ReadonlyMap<string, Secret<T>>,
    id: string,
    source: SecretSource<T>,
  ): Promise<SecretProblem | null> {
    if (into.has(id)) return null;
    const found = held.get(id) ?? (await loadSecret(source, this.#env.platform.wallNow()));
    if (!(found instanceof Secret)) return found;
    into.set(id, found);
    return null;
  }

  #lookSoon(): void {
    void this.look();
  }

  async #look(): Promise<void> {
    if (this.#closed) return;
    const { certificates, authorities } = this.#now;
    const now = this.#env.platform.wallNow();
    let settling = false;
    for (const secret of certificates.values())
      settling = (await this.#lookAt(secret, "certificate", certificateFacts, now)) || settling;
    for (const secret of authorities.values())
      settling = (await this.#lookAt(secret, "authorities", () => ({}), now)) || settling;
    this.#showExpiry();
    if (this.#replaced) this.#env.changed?.();
    this.#replaced = false;
    // A symlink may have been swapped, so that other directories matter.
    await this.#watchAll();
    this.#retry?.cancel();
    this.#retry = settling && !this.#closed ? this.#env.platform.setTimer(RETRY_MS, () => this.#lookSoon()) : null;
  }

  /** Whether it is to be looked at again soon. */
  async #lookAt<T extends { readonly version: string }>(
    secret: Secret<T>,
    kind: "certificate" | "authorities",
    facts: (current: T) => Readonly<Record<string, string>>,
    now: number,
  ): Promise<boolean> {
    const { log, metrics } = this.#env;
    const result = await secret.look(now);
    if (result === "replaced") {
      this.#replaced = true;
      metrics.rotated("loaded");
      log.log("info", `${kind} replaced`, { [kind]: secret.label, ...facts(secret.current) });
    }
    if (result === "refused") {
      metrics.rotated("refused");
      const { message, hint } = secret.problem!;
      log.log("error", `${kind} not replaced, the one before stays in use`, {
        [kind]: secret.label,
        files: secret.paths,
        reason: hint === "" ? message : `${message} (${hint})`,
      });
    }
    return result === "settling";
  }

  #watchAll(): Promise<void> {
    const { certificates, authorities } = this.#now;
    const paths = [...certificates.values(), ...authorities.values()].flatMap((s) => s.paths);
    return this.#closed ? Promise.resolve() : this.#watch.set(paths);
  }

  #showExpiry(): void {
    const now = this.#env.platform.wallNow();
    for (const use of this.#now.uses.certificates) this.#gauges.show(use, this.certificate(use.spec).current, now);
  }

  #serial(f: () => Promise<void>): Promise<void> {
    const run = this.#queue.then(f);
    this.#queue = run.catch((e: unknown) => this.#env.log.log("error", "looking at certificates failed", { reason: String(e) }));
    return run;
  }
}

function loadPair([cert, key]: readonly string[], now: number): Certificate | SecretProblem {
  return loadCertificate(cert!, key!, now);
}

function loadAuthorities([pem]: readonly string[], now: number): TrustStore | SecretProblem {
  const store = loadTrustStore(pem!, now);
  return typeof store === "string" ? { kind: "unreadable", message: store, hint: "" } : store;
}

function certificateFacts({ serial, issuer, notAfter }: Certificate): Readonly<Record<string, string>> {
  return { serial, issuer, expires: new Date(notAfter).toISOString() };
}

function problemAt({ kind, name }: Owner, what: string, p: SecretProblem): Problem {
  return { severity: "error", path: `${kind}s.${name}.tls`, message: `${what}: ${p.message}`, hint: p.hint, place: null };
}
