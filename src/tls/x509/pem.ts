import { PEM_BLOCKS, PEM_BYTES } from "../limits.ts";

/** One block of a PEM text (RFC 7468). */
export interface PemBlock {
  /** Such as `CERTIFICATE`. */
  readonly label: string;
  readonly der: Uint8Array;
  /** The block by itself. */
  readonly text: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([\s\S]*?)-----END \1-----/g;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** All blocks of the text; what stands around them is ignored, as RFC 7468 2 has it. A sentence when a block can't be read. */
export function readPem(text: string): readonly PemBlock[] | string {
  if (text.length > PEM_BYTES) return `found ${text.length} characters, wanted at most ${PEM_BYTES}`;
  const blocks: PemBlock[] = [];
  for (const [block, label, content] of text.matchAll(BLOCK)) {
    if (blocks.length === PEM_BLOCKS) return `found more than ${PEM_BLOCKS} blocks`;
    // RFC 1421 headers, as encrypted keys have them, are for whoever reads the key.
    const base64 = content!.replace(/^(?:[A-Za-z-]+: .*\r?\n)+/, "").replaceAll(/\s+/g, "");
    if (!BASE64.test(base64)) return `the ${label} that is block ${blocks.length + 1} is not base64`;
    blocks.push({ label: label!, der: new Uint8Array(Buffer.from(base64, "base64")), text: `${block}\n` });
  }
  const begun = text.match(/-----BEGIN [^-]*-----/g)?.length ?? 0;
  return begun === blocks.length ? blocks : `block ${blocks.length + 1} has no end`;
}

/** Certificates of a PEM text; a sentence when there are none, or one can't be read. */
export function readPemCertificates(text: string): readonly PemBlock[] | string {
  const blocks = readPem(text);
  if (typeof blocks === "string") return blocks;
  const certificates = blocks.filter((b) => b.label === "CERTIFICATE" || b.label === "X509 CERTIFICATE");
  return certificates.length > 0 ? certificates : "found no certificate";
}
