import { latin1 } from "../../base/bytes.ts";
import { NAME_COMPARISONS } from "../limits.ts";
import { type DerReader, TAG } from "./der.ts";
import { type AltNames, GENERAL_NAME } from "./general_names.ts";

/** Names that an authority may or may not vouch for (RFC 5280 4.2.1.10). */
export interface NameConstraints {
  readonly permitted: Subtrees;
  readonly excluded: Subtrees;
  /** There is a kind of name here that Weir can't judge: no chain below this authority is taken. */
  readonly unreadable: boolean;
}

interface Subtrees {
  /** Lower case. */
  readonly dns: readonly string[];
  /** Address and mask behind each other. */
  readonly ips: readonly Uint8Array[];
  /** Of a URI's host; lower case, a leading dot for what lies below. */
  readonly uris: readonly string[];
  /** A mailbox, a host, or with a leading dot what lies below a host. */
  readonly emails: readonly string[];
}

const PERMITTED = 0xa0;
const EXCLUDED = 0xa1;
const TEXT = /^[\x21-\x7e]*$/;

export function readNameConstraints(r: DerReader): NameConstraints {
  const c = r.read(TAG.sequence);
  const state = { unreadable: false };
  const permitted = readSubtrees(c.optional(PERMITTED), state);
  const excluded = readSubtrees(c.optional(EXCLUDED), state);
  c.close();
  // RFC 5280 4.2.1.10: not an empty sequence.
  if (count(permitted) + count(excluded) === 0 && !state.unreadable) c.fail();
  return { permitted, excluded, unreadable: state.unreadable };
}

function readSubtrees(list: DerReader | null, state: { unreadable: boolean }): Subtrees {
  const dns: string[] = [];
  const ips: Uint8Array[] = [];
  const uris: string[] = [];
  const emails: string[] = [];
  while (list !== null && !list.isEmpty && !list.failed) {
    const subtree = list.read(TAG.sequence);
    const { tag } = subtree;
    const b = subtree.any().rest();
    const written = latin1(b, 0, b.length);
    const text = written.toLowerCase();
    // RFC 5280 4.2.1.10: minimum is 0 and maximum absent, which DER leaves out both.
    if (!subtree.isEmpty) state.unreadable = true;
    if (tag === GENERAL_NAME.dns && TEXT.test(text)) dns.push(text);
    else if (tag === GENERAL_NAME.uri && TEXT.test(text)) uris.push(text);
    else if (tag === GENERAL_NAME.email && TEXT.test(written)) emails.push(written);
    else if (tag === GENERAL_NAME.ip && isRange(b)) ips.push(b);
    else state.unreadable = true;
    subtree.rest();
  }
  return { dns, ips, uris, emails };
}

/** Whether it is an address with a mask whose ones all stand before its zeros (RFC 4632). */
function isRange(b: Uint8Array): boolean {
  if (b.length !== 8 && b.length !== 32) return false;
  const mask = [...b.subarray(b.length / 2)].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return /^1*0*$/.test(mask);
}

/** Whether an authority with these constraints may vouch for all of the names. */
export function permits(c: NameConstraints, names: AltNames): boolean {
  const { permitted, excluded } = c;
  const held = names.dns.length + names.ips.length + names.uris.length + names.emails.length;
  return (
    !c.unreadable &&
    held * (count(permitted) + count(excluded)) <= NAME_COMPARISONS &&
    names.dns.every((n) => permitsDns(permitted.dns, excluded.dns, n.toLowerCase())) &&
    names.ips.every((ip) => allows(permitted.ips, excluded.ips, (range) => isIpWithin(ip, range))) &&
    names.uris.every((u) => permitsUri(permitted.uris, excluded.uris, u)) &&
    names.emails.every((m) => allows(permitted.emails, excluded.emails, (c) => isMailWithin(m, c)))
  );
}

/** In one of those permitted, when there are any, and in none of those excluded. */
function allows<C>(permitted: readonly C[], excluded: readonly C[], isWithin: (constraint: C) => boolean): boolean {
  return !excluded.some(isWithin) && (permitted.length === 0 || permitted.some(isWithin));
}

function permitsDns(permitted: readonly string[], excluded: readonly string[], name: string): boolean {
  // A wildcard stands for names of which one may be excluded.
  if (name.startsWith("*.") && excluded.some((c) => c.endsWith(name.slice(1)))) return false;
  return allows(permitted, excluded, (c) => isDnsWithin(name, c));
}

/** RFC 5280 4.2.1.10: the constraint itself, or it with labels in front; "" is every name. */
function isDnsWithin(name: string, constraint: string): boolean {
  // Some authorities write what lies below a name with a dot in front.
  if (constraint === "" || constraint.startsWith(".")) return name.endsWith(constraint);
  return name === constraint || name.endsWith(`.${constraint}`);
}

function isIpWithin(ip: Uint8Array, range: Uint8Array): boolean {
  if (range.length !== 2 * ip.length) return false;
  return ip.every((byte, i) => (byte & range[ip.length + i]!) === (range[i]! & range[ip.length + i]!));
}

/** RFC 5280 4.2.1.10: a mailbox to its letter, its host whatever the case; else the host, or with a dot in front what lies below. */
function isMailWithin(mail: string, constraint: string): boolean {
  const at = mail.lastIndexOf("@");
  const host = mail.slice(at + 1).toLowerCase();
  const wanted = constraint.slice(constraint.lastIndexOf("@") + 1).toLowerCase();
  if (constraint.includes("@"))
    return at >= 0 && host === wanted && mail.slice(0, at) === constraint.slice(0, constraint.lastIndexOf("@"));
  return wanted.startsWith(".") ? host.endsWith(wanted) : host === wanted;
}

function count(s: Subtrees): number {
  return s.dns.length + s.ips.length + s.uris.length + s.emails.length;
}

/** RFC 5280 4.2.1.10: only the host of a URI counts, and where URIs are constrained one without a host is refused. */
function permitsUri(permitted: readonly string[], excluded: readonly string[], uri: string): boolean {
  if (permitted.length + excluded.length === 0) return true;
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#:@]+)/i.exec(uri)?.[1]?.toLowerCase();
  if (host === undefined) return false;
  // With a dot in front it is what lies below, without one that host alone.
  return allows(permitted, excluded, (c) => (c.startsWith(".") ? host.endsWith(c) : host === c));
}
