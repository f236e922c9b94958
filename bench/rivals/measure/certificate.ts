import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inPath } from "./tools.ts";

/** PEM files. All proxies of a run show the same certificate. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** Both in one file. */
  readonly both: string;
}

/** ECDSA P-256 for `bench.test`, signed by itself, good for two days. */
export function makeCertificate(directory: string): Certificate {
  const made = { cert: join(directory, "cert.pem"), key: join(directory, "key.pem"), both: join(directory, "both.pem") };
  const shape = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const names = ["-subj", "/CN=bench.test", "-addext", "subjectAltName=DNS:bench.test", "-addext", "basicConstraints=CA:FALSE"];
  execFileSync(inPath("openssl")!, ["req", ...shape, ...names, "-keyout", made.key, "-out", made.cert], { stdio: "pipe" });
  writeFileSync(made.both, readFileSync(made.cert, "utf8") + readFileSync(made.key, "utf8"), { mode: 0o600 });
  return made;
}
