import type { CertificateSpec } from "../../../config/tls_model.ts";
import { type Certificate, loadCertificate } from "../../../tls/certificate.ts";
import { NameTable } from "../../../tls/name_table.ts";
import { loadTrustStore } from "../../../tls/peer/trust_store.ts";
import type { Reporter } from "../problem_list.ts";
import type { Path } from "../tree.ts";

/** Where a certificate is used: as the one of a listener that clients get by default, as another of its, or towards an upstream. */
type Role = "default" | "server" | "client";
type Read = (path: string) => Promise<string>;

/**
 * The files that TLS is made of. Lowering says which there are, and they are read afterwards: what is wrong with them stands where the
 * config names them.
 */
export class TlsFiles {
  readonly #checks: ((read: Read, now: number) => Promise<void>)[] = [];
  readonly #loaded = new Map<string, Certificate | null>();

  /** `at` leads to the map with `cert` and `key`. */
  pair(report: Reporter, at: Path, spec: CertificateSpec, role: Role): void {
    this.#checks.push(async (read, now) => {
      const cert = await readAt(report, [...at, "cert"], spec.cert, read);
      const key = await readAt(report, [...at, "key"], spec.key, read);
      const loaded = cert === null || key === null ? null : loadCertificate(cert, key, now);
      const isGood = loaded !== null && !("kind" in loaded);
      this.#loaded.set(idOf(spec), isGood ? loaded : null);
      if (loaded === null) return;
      if (!isGood) report.error([...at, loaded.file], loaded.message, loaded.hint);
      else for (const w of [...loaded.warnings, ...roleWarnings(loaded, role)]) report.warn([...at, "cert"], w);
    });
  }

  /** A bundle of authorities; `at` leads to its path. */
  authorities(report: Reporter, at: Path, path: string): void {
    this.#checks.push(async (read, now) => {
      const pem = await readAt(report, at, path, read);
      if (pem === null) return;
      const store = loadTrustStore(pem, now);
      if (typeof store === "string") report.error(at, store);
      else for (const w of store.warnings) report.warn(at, w);
    });
  }

  /** Whether one of the certificates is for each of the hosts; `at` leads to these. */
  covers(report: Reporter, at: Path, hosts: readonly string[], specs: readonly CertificateSpec[]): void {
    this.#checks.push(async () => {
      const loaded = specs.map((s) => this.#loaded.get(idOf(s)) ?? null);
      if (loaded.includes(null)) return;
      const names = new NameTable<true>("oneLabel");
      for (const c of loaded) for (const n of c!.names) names.add(n, true);
      for (const host of hosts)
        if (!host.startsWith("*.") && names.find(host) === null)
          report.warn(at, `add a certificate for ${JSON.stringify(host)}: found none, and clients will not take another`);
    });
  }

  /** In the order in which they were named; `now` is in milliseconds since 1970. */
  async check(read: Read, now: number): Promise<void> {
    for (const check of this.#checks) await check(read, now);
  }
}

async function readAt(report: Reporter, at: Path, path: string, read: Read): Promise<string | null> {
  try {
    return await read(path);
  } catch (e) {
    const reason = e instanceof Error ? e.message : String(e);
    report.error(at, `make the file readable: reading ${JSON.stringify(path)} failed: ${reason}`);
    return null;
  }
}

function roleWarnings(c: Certificate, role: Role): string[] {
  if (role === "client")
    return c.forClients ? [] : ["replace the certificate: it is not made for clients, and endpoints will not take it"];
  const warnings: string[] = [];
  if (!c.forServers) warnings.push("replace the certificate: it is not made for servers, and clients will not take it");
  if (role === "server" && c.names.length === 0)
    warnings.push("remove the certificate or place it first: it has no DNS name that a client could ask for");
  return warnings;
}

function idOf(spec: CertificateSpec): string {
  return `${spec.cert}\0${spec.key}`;
}
