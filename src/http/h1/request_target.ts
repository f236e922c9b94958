import { latin1 } from "../../base/bytes.ts";
import { parseAuthority } from "../authority.ts";
import { connectionHas, lowerValue } from "../connection_options.ts";
import { type Fields, spanOf } from "../fields.ts";
import type { RequestHead } from "../head.ts";
import { ID } from "../names.ts";
import { normalizePath } from "../path.ts";

/** What is wrong with a request's target or authority. */
const T_FORM = 1;
const T_HOST = 2;
const T_MISMATCH = 3;
const T_PATH = 4;
const T_CONNECT = 5;
export const T_EXPECT = 6;

const TEXTS: Readonly<Record<number, string>> = {
  [T_FORM]: "request target has none of the four forms (RFC 9112 3.2)",
  [T_HOST]: "Host is no host with an optional port (RFC 9110 7.2)",
  [T_MISMATCH]: "Host differs from the authority of the request target (RFC 9112 3.2.2)",
  [T_PATH]: "path is not a valid one, or its percent-encoding is broken (RFC 3986 2.1)",
  [T_CONNECT]: "CONNECT needs a target of host:port (RFC 9112 3.2.3)",
  [T_EXPECT]: "expectation other than 100-continue (RFC 9110 10.1.1)",
};

export function targetText(fault: number): string {
  return TEXTS[fault] ?? "malformed request target";
}

interface Policy {
  readonly mergeSlashes: boolean;
  readonly scheme: "http" | "https";
}

const HOST_BIT = 1 << ID.host;
const UPGRADE_BIT = 1 << ID.upgrade;
const EXPECT_BIT = 1 << ID.expect;

/**
 * The head of a request from its target and fields, or a fault's number. `known` is an authority that is valid, the connection's last:
 * most connections name one host only.
 */
export function requestTarget(
  method: string,
  target: string,
  special: boolean,
  minor: number,
  f: Fields,
  o: Policy,
  known: string,
): RequestHead | number {
  let authority = "";
  if ((f.mask & HOST_BIT) !== 0) {
    const i = spanOf(f, ID.host);
    authority = latin1(f.raw, f.spans[i + 2]!, f.spans[i + 3]!);
    if ((authority === "" || authority !== known) && parseAuthority(authority) === null) return T_HOST;
  }
  const head: RequestHead = {
    protocol: minor === 1 ? "HTTP/1.1" : "HTTP/1.0",
    method,
    scheme: o.scheme,
    authority,
    path: target,
    pathFlags: 0,
    fields: f,
    contentLength: 0,
    upgrade: "",
    expectContinue: false,
    native: null,
    oneWay: false,
  };
  if (method === "CONNECT" || target.charCodeAt(0) !== 0x2f) {
    const fault = otherForm(head, o);
    if (fault !== 0) return fault;
  } else if (special && !normalizePath(head, o.mergeSlashes)) return T_PATH;
  if ((f.mask & (UPGRADE_BIT | EXPECT_BIT)) !== 0) {
    if ((f.mask & EXPECT_BIT) !== 0) {
      // All its lines are one list (RFC 9110 5.3), and a second member is an expectation too.
      if (f.list("expect")?.toLowerCase() !== "100-continue") return T_EXPECT;
      head.expectContinue = minor === 1;
    }
    if ((f.mask & UPGRADE_BIT) !== 0 && minor === 1 && connectionHas(f, "upgrade")) head.upgrade = upgradeOf(f);
  }
  return head;
}

/** h2c is never forwarded: it would let a client speak past every rule of this proxy. */
function upgradeOf(f: Fields): string {
  const tokens = lowerValue(f, ID.upgrade).split(",");
  return tokens
    .map((t) => t.trim())
    .filter((t) => t !== "" && t !== "h2c" && t !== "h2")
    .join(", ");
}

/** Authority-form, asterisk-form and absolute-form (RFC 9112 3.2.2 to 3.2.4). */
function otherForm(head: RequestHead, o: Policy): number {
  const target = head.path;
  if (head.method === "CONNECT") {
    const a = parseAuthority(target);
    if (a === null || a.port < 1) return T_CONNECT;
    const host = head.authority.toLowerCase();
    // RFC 9112 3.2.3 shows Host without the port.
    if (host !== "" && host !== target.toLowerCase() && host !== a.host.toLowerCase()) return T_MISMATCH;
    head.authority = target;
    return 0;
  }
  if (target === "*") return head.method === "OPTIONS" ? 0 : T_FORM;
  const m = /^https?:\/\/([^/?]*)(.*)$/i.exec(target);
  if (m === null) return T_FORM;
  const authority = m[1]!;
  if (parseAuthority(authority) === null) return T_HOST;
  if (head.authority !== "" && head.authority.toLowerCase() !== authority.toLowerCase()) return T_MISMATCH;
  head.authority = authority;
  const rest = m[2]!;
  // RFC 9112 3.2.4: OPTIONS on a whole server, in absolute-form, has neither path nor query.
  if (rest === "" && head.method === "OPTIONS") {
    head.path = "*";
    return 0;
  }
  head.path = rest.charCodeAt(0) === 0x2f ? rest : `/${rest}`;
  return normalizePath(head, o.mergeSlashes) ? 0 : T_PATH;
}
