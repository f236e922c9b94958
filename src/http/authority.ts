import { CLASS, HOST } from "../base/ascii.ts";

/** A host and, where given, a port. */
export interface Authority {
  /** As written; an IPv6 address keeps its brackets. */
  readonly host: string;
  /** 0 to 65535; -1 when there is none. */
  readonly port: number;
}

const COLON = 0x3a;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const DOT = 0x2e;
const PERCENT = 0x25;

/**
 * Reads `host[:port]` (RFC 9110 7.2, RFC 3986 3.2.2); null when it is no such thing. A host must not be empty (RFC 9110 4.2.1), and
 * there is no userinfo (4.2.4). Stricter than the grammar in two points that only serve to confuse two readers: no percent-encoding in
 * a name, and of address literals only IPv6 without a zone. An empty port counts as none (RFC 3986 6.2.3).
 */
export function parseAuthority(s: string): Authority | null {
  const end = hostEnd(s);
  if (end <= 0) return null;
  if (end === s.length) return { host: s, port: -1 };
  const port = readPort(s, end + 1);
  return port === BAD_PORT ? null : { host: s.slice(0, end), port };
}

/** Whether `parseAuthority` takes it; makes nothing. */
export function isAuthority(s: string): boolean {
  const end = hostEnd(s);
  return end > 0 && (end === s.length || readPort(s, end + 1) !== BAD_PORT);
}

/** The port of a valid authority, -1 when there is none. */
export function portOf(authority: string): number {
  const at = portColon(authority);
  return at < 0 ? -1 : readPort(authority, at + 1);
}

/** The host of a valid authority as routes compare it: lower case, without port and without the root's trailing dot. */
export function hostKey(authority: string): string {
  const n = authority.length;
  if (n === 0) return authority;
  let end = n;
  let upper = false;
  if (authority.charCodeAt(0) === OPEN) {
    end = authority.indexOf("]") + 1;
    upper = true;
  } else {
    for (let i = 0; i < n; i++) {
      const c = authority.charCodeAt(i);
      if (c === COLON) {
        end = i;
        break;
      }
      if (c >= 0x41 && c <= 0x5a) upper = true;
    }
    if (end > 0 && authority.charCodeAt(end - 1) === DOT) end--;
  }
  const host = end === n ? authority : authority.slice(0, end);
  return upper ? host.toLowerCase() : host;
}

const BAD_PORT = -2;

function readPort(s: string, from: number): number {
  const n = s.length;
  if (from === n) return -1;
  if (n - from > 5) return BAD_PORT;
  let port = 0;
  for (let i = from; i < n; i++) {
    const d = s.charCodeAt(i) - 0x30;
    if (d < 0 || d > 9) return BAD_PORT;
    port = port * 10 + d;
  }
  return port > 65535 ? BAD_PORT : port;
}

/** Offset of the colon before the port, -1 when there is none. */
function portColon(s: string): number {
  if (s.charCodeAt(0) !== OPEN) return s.indexOf(":");
  const close = s.indexOf("]");
  return close >= 0 && s.charCodeAt(close + 1) === COLON ? close + 1 : -1;
}

/** Offset behind the host, at the end or at a colon; -1 when there is no valid host. */
function hostEnd(s: string): number {
  if (s.charCodeAt(0) === OPEN) {
    const close = s.indexOf("]");
    if (close < 0 || !isIpv6(s.slice(1, close))) return -1;
    return close + 1 === s.length || s.charCodeAt(close + 1) === COLON ? close + 1 : -1;
  }
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i);
    if (c === COLON) return i;
    if (c > 0x7f || (CLASS[c]! & HOST) === 0 || c === PERCENT || c === OPEN || c === CLOSE) return -1;
  }
  return s.length;
}

/** IPv6address of RFC 3986 3.2.2: eight groups of up to four hex digits, one `::` for a run of zero groups, IPv4 for the last two. */
function isIpv6(s: string): boolean {
  const gap = s.indexOf("::");
  if (gap < 0) return groupsOf(s, true) === 8;
  if (s.indexOf("::", gap + 1) >= 0) return false;
  const head = s.slice(0, gap);
  const tail = s.slice(gap + 2);
  const before = head === "" ? 0 : groupsOf(head, false);
  const after = tail === "" ? 0 : groupsOf(tail, true);
  return before >= 0 && after >= 0 && before + after <= 7;
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const GROUP = /^[0-9a-fA-F]{1,4}$/;

/** How many 16-bit groups the text holds, -1 when it is malformed. */
function groupsOf(s: string, ipv4Last: boolean): number {
  const parts = s.split(":");
  let n = 0;
  for (let i = 0; i < parts.length; i++) {
    const p = parts[i]!;
    if (GROUP.test(p)) n++;
    else if (ipv4Last && i === parts.length - 1 && IPV4.test(p)) n += 2;
    else return -1;
  }
  return n;
}
