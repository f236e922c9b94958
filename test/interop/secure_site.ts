import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Identity, issue, issueRoot } from "../support/certificates.ts";
import { freePort } from "../support/ports.ts";
import { scratchDir, startArgs, textOf, type Weir } from "../support/weir.ts";

/** PEM files: an authority, and what it vouches for. */
export interface SecureFiles {
  readonly dir: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A weir whose listeners speak TLS or cleartext, each with all versions of HTTP. */
export interface SecureSite {
  readonly weir: Weir;
  readonly files: SecureFiles;
  /** Ports of the listeners by name. */
  readonly ports: ReadonlyMap<string, number>;
}

/** An authority, and a certificate for localhost and 127.0.0.1, in a directory of their own. */
export function secureFiles(): SecureFiles {
  const dir = scratchDir();
  const authority: Identity = issueRoot("interop");
  const site = issue({ name: "localhost", dns: ["localhost"], ip: ["127.0.0.1"], issuer: authority });
  const files = { dir, ca: join(dir, "ca.pem"), cert: join(dir, "site.pem"), key: join(dir, "site.key") };
  writeFileSync(files.ca, authority.cert);
  writeFileSync(files.cert, site.chain);
  writeFileSync(files.key, site.key);
  return files;
}

/** Starts it. `routes` lead from each listener by its name; a name that begins with `tls` has TLS. The weir removes the directory. */
export async function startSecure(
  files: SecureFiles,
  names: readonly string[],
  rest: { readonly routes: readonly unknown[]; readonly clusters: Readonly<Record<string, unknown>> },
): Promise<SecureSite> {
  const ports = new Map<string, number>();
  const listeners: Record<string, unknown> = {};
  for (const name of names) {
    const port = await freePort();
    ports.set(name, port);
    const tls = name.startsWith("tls") ? { tls: { certificates: [{ cert: files.cert, key: files.key }] } } : { detect: true };
    listeners[name] = { address: `127.0.0.1:${port}`, ...tls };
  }
  const adminPort = await freePort();
  const path = join(files.dir, "weir.yaml");
  const admin = { address: `127.0.0.1:${adminPort}` };
  writeFileSync(path, textOf({ admin, control: join(files.dir, "weir.sock"), listeners, ...rest }));
  const weir = await startArgs(["run", path], { dir: files.dir, owned: true, adminPort });
  return { weir, files, ports };
}
