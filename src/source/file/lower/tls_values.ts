import type { SanMatchSpec, TlsVersionsSpec } from "../../../config/tls_model.ts";
import type { Reporter } from "../problem_list.ts";
import type { SansConfig } from "../schema/san.ts";
import type { VersionsConfig } from "../schema/tls_values.ts";
import type { Path } from "../tree.ts";
import type { Lowering } from "./lowering.ts";

/** `at` leads to the keys of `c`; what `c` leaves out is `above`'s, or has its default. */
export function lowerVersions(
  c: VersionsConfig,
  above: VersionsConfig,
  at: Path,
  to: Lowering,
  report: Reporter,
): TlsVersionsSpec {
  const { runtime } = to;
  for (const key of ["ciphers", "curves"] as const)
    if (c[key] !== undefined && !runtime[key])
      report.errorAtKey([...at, key], `remove ${JSON.stringify(key)}: ${runtime.runtime} chooses by itself and can't be told`);
  const minVersion = c.minVersion ?? above.minVersion ?? "1.2";
  const maxVersion = c.maxVersion ?? above.maxVersion ?? "1.3";
  // Where neither is its own, it has been told above.
  const own = c.minVersion ?? c.maxVersion;
  if (minVersion > maxVersion && own !== undefined)
    report.errorAtKey(
      [...at, c.minVersion === undefined ? "maxVersion" : "minVersion"],
      `let minVersion be at most maxVersion: found ${minVersion} and ${maxVersion}`,
    );
  if (c.ciphers !== undefined && minVersion === "1.3")
    report.warn([...at, "ciphers"], 'remove "ciphers": they are for TLS 1.2, and minVersion is 1.3');
  return {
    minVersion,
    maxVersion,
    ciphers: joined(c.ciphers ?? above.ciphers),
    curves: joined(c.curves ?? above.curves),
  };
}

function joined(list: string | readonly string[] | undefined): string | null {
  if (list === undefined) return null;
  return typeof list === "string" ? list : [...new Set(list)].join(":");
}

export function lowerSans(c: SansConfig | undefined): SanMatchSpec[] {
  return c === undefined ? [] : [...(c.dns ?? []), ...(c.uri ?? []), ...(c.ip ?? [])];
}
