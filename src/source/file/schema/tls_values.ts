import { z } from "zod";
import { nearMiss } from "../../../telemetry/near_miss.ts";
import { type Leaf, leaf, mismatch, refuse } from "./leaf.ts";
import { label } from "./name.ts";
import { choice, text, wantText } from "./scalar.ts";

/** A version of TLS; YAML may have read it as a number. */
function tlsVersion(): Leaf<"1.2" | "1.3"> {
  return leaf({ enum: ["1.2", "1.3", 1.2, 1.3] }, (v) => {
    const s = String(v);
    if (s === "1.2" || s === "1.3") return s;
    if (s === "1" || s === "1.0" || s === "1.1") return refuse(`raise the version: found ${s}, and RFC 8996 forbids it`);
    return mismatch('"1.2" or "1.3"');
  });
}

/** One suite of TLS 1.2 in OpenSSL's form, or several with colons between. */
function cipher(): Leaf<string> {
  return leaf({ type: "string", examples: ["ECDHE-ECDSA-AES128-GCM-SHA256"] }, (v) => {
    if (typeof v !== "string") return wantText('a cipher suite such as "ECDHE-ECDSA-AES128-GCM-SHA256"', v);
    if (/^TLS_AES|^TLS_CHACHA/.test(v))
      return refuse(`remove the suite of TLS 1.3: found ${JSON.stringify(v)}, and no runtime lets those be chosen`);
    return /^[A-Za-z0-9+!@=_-]+(?::[A-Za-z0-9+!@=_-]+)*$/.test(v)
      ? v
      : refuse(`correct the cipher suite: found ${JSON.stringify(v)}, wanted a name of OpenSSL's`);
  });
}

/** Groups by the names that config takes, and what runtimes call them. */
const CURVES: ReadonlyMap<string, string> = new Map([
  ["X25519MLKEM768", "X25519MLKEM768"],
  ["X25519", "X25519"],
  ["P-256", "P-256"],
  ["P-384", "P-384"],
  ["P-521", "P-521"],
  ["prime256v1", "P-256"],
  ["secp256r1", "P-256"],
  ["secp384r1", "P-384"],
  ["secp521r1", "P-521"],
]);

function curve(): Leaf<string> {
  const known = [...CURVES.keys()];
  return leaf({ enum: known }, (v) => {
    const found = typeof v === "string" ? CURVES.get(v) : undefined;
    if (found !== undefined) return found;
    const near = typeof v === "string" ? nearMiss(v, known) : "";
    return mismatch(`one of ${known.join(", ")}`, near === "" ? "" : `did you mean ${JSON.stringify(near)}?`);
  });
}

/** What listeners, their names and clusters say of versions and algorithms; nothing has a default here. */
export const versionKeys = {
  minVersion: tlsVersion().optional().describe('"1.2" or "1.3"; 1.2 when absent'),
  maxVersion: tlsVersion().optional().describe('"1.2" or "1.3"; 1.3 when absent'),
  ciphers: z
    .union([cipher(), z.array(cipher()).min(1)])
    .optional()
    .describe("Cipher suites of TLS 1.2 by OpenSSL's names; the runtime's own when absent. Not on Deno"),
  curves: z.array(curve()).min(1).optional().describe("Groups for the key exchange; the runtime's own when absent. Not on Deno"),
};

export function protocolList() {
  return z.array(choice("h2", "http/1.1")).min(1);
}

export const filePath = text({ minLength: 1 }, (s) => (s === "" ? refuse("name the file: found none") : s));

export const certificateSchema = z.strictObject({
  cert: filePath.describe("PEM file with the certificate and its chain; watched: from a good replacement on handshakes get it"),
  key: filePath.describe("PEM file with the certificate's key; watched"),
  name: label("certificate").optional().describe("Name in metrics and in weir certs; the certificate's path when absent"),
});

export type CertificateConfig = z.output<typeof certificateSchema>;
export type VersionsConfig = { [K in keyof typeof versionKeys]?: z.output<(typeof versionKeys)[K]> };
