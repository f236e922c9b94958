import { latin1 } from "../../base/bytes.ts";
import { type DerReader, TAG } from "./der.ts";

/** Names of a certificate's owner (RFC 5280 4.2.1.6) by kind, as they stand there. */
export interface AltNames {
  readonly dns: readonly string[];
  readonly uris: readonly string[];
  readonly emails: readonly string[];
  /** 4 or 16 bytes each. */
  readonly ips: readonly Uint8Array[];
  /** Whether there are names of other kinds. */
  readonly others: boolean;
}

export const NO_NAMES: AltNames = Object.freeze({ dns: [], uris: [], emails: [], ips: [], others: false });

/** Tags of GeneralName's choices: context-specific, the structured ones constructed. */
export const GENERAL_NAME = Object.freeze({ email: 0x81, dns: 0x82, directory: 0xa4, uri: 0x86, ip: 0x87 });

/** Printable ASCII without space: what a name of one of the string kinds may be made of here. NUL and the like hide a second name from other readers. */
const VISIBLE = /^[\x21-\x7e]+$/;

/** The content of a GeneralNames. */
export function readGeneralNames(r: DerReader): AltNames {
  const list = r.read(TAG.sequence);
  const dns: string[] = [];
  const uris: string[] = [];
  const emails: string[] = [];
  const ips: Uint8Array[] = [];
  let others = false;
  // RFC 5280 4.2.1.6: a list has a name at least.
  if (list.isEmpty) list.fail();
  while (!list.isEmpty && !list.failed) {
    const { tag } = list;
    const b = list.any().rest();
    if (tag === GENERAL_NAME.dns) dns.push(visible(b, list));
    else if (tag === GENERAL_NAME.uri) uris.push(visible(b, list));
    else if (tag === GENERAL_NAME.email) emails.push(visible(b, list));
    else if (tag !== GENERAL_NAME.ip) others = true;
    else if (b.length === 4 || b.length === 16) ips.push(b);
    else list.fail();
  }
  return { dns, uris, emails, ips, others };
}

function visible(b: Uint8Array, r: DerReader): string {
  const text = latin1(b, 0, b.length);
  if (!VISIBLE.test(text)) r.fail();
  return text;
}

/** An address as people write it (RFC 5952 for IPv6). */
export function ipText(b: Uint8Array): string {
  if (b.length === 4) return b.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => ((b[2 * i]! << 8) | b[2 * i + 1]!).toString(16));
  // RFC 5952 4.2: the first of the longest runs of two zero groups or more.
  let best = { at: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (groups[i + n] === "0") n++;
    if (n > best.length) best = { at: i, length: n };
  }
  if (best.at < 0) return groups.join(":");
  return `${groups.slice(0, best.at).join(":")}::${groups.slice(best.at + best.length).join(":")}`;
}
