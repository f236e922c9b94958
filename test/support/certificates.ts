import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate with its key and all that stands above it, each in PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  /** The certificate, then its intermediates; the root is left out. What a server is given. */
  readonly chain: string;
  /** The certificate in DER. */
  readonly der: Uint8Array;
  /** Not sent to peers by those below it. */
  readonly selfSigned: boolean;
}

export interface CertificateWish {
  /** Common name; "": a subject without one. */
  readonly name: string;
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
  /** Such as `spiffe://example.org/ns/default/sa/web`. */
  readonly uri?: readonly string[];
  readonly email?: readonly string[];
  /** P-256 by default; RSA has 2048 bits. */
  readonly key?: "ecdsa" | "rsa";
  /** Whose key signs; absent: its own. */
  readonly issuer?: Identity;
  /** An authority: may sign certificates. */
  readonly ca?: boolean;
  /** How many authorities may stand below this one. */
  readonly pathLength?: number;
  /** Extended key usage; `none`: the extension is left out, which is also an authority's default. */
  readonly use?: "server" | "client" | "both" | "none";
  /** By default a day ago and in 30 days. */
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Further lines of OpenSSL's x509v3_config, such as `nameConstraints = critical, permitted;DNS:example.org`. */
  readonly extensions?: readonly string[];
}

const DAY_MS = 86_400_000;
const USES = { server: "serverAuth", client: "clientAuth", both: "serverAuth, clientAuth", none: "" };

/** Issues a certificate by the `openssl` command: about 40 ms, with an RSA key some hundred. */
export function issue(wish: CertificateWish): Identity {
  const dir = mkdtempSync(join(tmpdir(), "weir-cert-"));
  const at = (file: string): string => join(dir, file);
  try {
    const kind = wish.key === "rsa" ? ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"] : ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
    openssl(["genpkey", "-algorithm", ...kind, "-out", at("key.pem")]);
    writeFileSync(at("config"), configOf(wish, dir));
    writeFileSync(at("index.txt"), "");
    writeFileSync(at("serial"), `70${randomBytes(15).toString("hex")}\n`);
    const subject = wish.name === "" ? "/" : `/CN=${wish.name}`;
    openssl(["req", "-new", "-config", at("config"), "-key", at("key.pem"), "-subj", subject, "-out", at("request.pem")]);
    if (wish.issuer !== undefined) {
      writeFileSync(at("ca.pem"), wish.issuer.cert);
      writeFileSync(at("ca.key"), wish.issuer.key);
    }
    const signer =
      wish.issuer === undefined ? ["-selfsign", "-keyfile", at("key.pem")] : ["-cert", at("ca.pem"), "-keyfile", at("ca.key")];
    const from = stamp(wish.notBefore ?? new Date(Date.now() - DAY_MS));
    const until = stamp(wish.notAfter ?? new Date(Date.now() + 30 * DAY_MS));
    const files = ["-config", at("config"), "-in", at("request.pem"), "-out", at("cert.pem"), "-outdir", dir];
    openssl(["ca", "-batch", "-notext", ...signer, "-startdate", from, "-enddate", until, ...files]);
    const cert = readFileSync(at("cert.pem"), "utf8");
    const above = wish.issuer === undefined || wish.issuer.selfSigned ? "" : wish.issuer.chain;
    return {
      cert,
      key: readFileSync(at("key.pem"), "utf8"),
      chain: cert + above,
      der: derOf(cert),
      selfSigned: wish.issuer === undefined,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** An authority that signs itself. */
export function issueRoot(name: string, wish: Partial<CertificateWish> = {}): Identity {
  return issue({ ...wish, name, ca: true });
}

/** The DER of the first certificate of a PEM. */
export function derOf(pem: string): Uint8Array {
  const body = /-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(pem);
  if (body === null) throw new Error("give a PEM with a certificate");
  return new Uint8Array(Buffer.from(body[1]!, "base64"));
}

function configOf(wish: CertificateWish, dir: string): string {
  const names = [
    ...(wish.dns ?? []).map((n) => `DNS:${n}`),
    ...(wish.ip ?? []).map((n) => `IP:${n}`),
    ...(wish.uri ?? []).map((n) => `URI:${n}`),
    ...(wish.email ?? []).map((n) => `email:${n}`),
  ];
  const isCa = wish.ca === true;
  const use = USES[wish.use ?? (isCa ? "none" : "both")];
  const length = wish.pathLength === undefined ? "" : `, pathlen:${wish.pathLength}`;
  const lines = [
    isCa ? `basicConstraints = critical, CA:TRUE${length}` : "basicConstraints = critical, CA:FALSE",
    isCa ? "keyUsage = critical, keyCertSign, cRLSign" : "keyUsage = critical, digitalSignature",
    "subjectKeyIdentifier = hash",
    ...(wish.issuer === undefined ? [] : ["authorityKeyIdentifier = keyid"]),
    ...(use === "" ? [] : [`extendedKeyUsage = ${use}`]),
    ...(names.length === 0 ? [] : [`subjectAltName = ${wish.name === "" ? "critical, " : ""}${names.join(", ")}`]),
    ...(wish.extensions ?? []),
  ];
  return `[req]
distinguished_name = subject
[subject]
[ca]
default_ca = self
[self]
database = ${dir}/index.txt
serial = ${dir}/serial
default_md = sha256
policy = anything
unique_subject = no
x509_extensions = extensions
[anything]
commonName = optional
[extensions]
${lines.join("\n")}
`;
}

/** YYYYMMDDHHMMSSZ. */
function stamp(d: Date): string {
  return `${d
    .toISOString()
    .replace(/\.\d+Z$/, "")
    .replace(/[-:T]/g, "")}Z`;
}

function openssl(args: readonly string[]): void {
  const run = spawnSync("openssl", args, { encoding: "utf8" });
  if (run.error !== undefined) throw new Error(`install the openssl command: ${run.error.message}`);
  if (run.status !== 0) throw new Error(`openssl ${args.join(" ")} ended with ${run.status}: ${run.stderr}`);
}
