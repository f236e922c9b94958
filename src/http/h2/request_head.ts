import { latin1 } from "../../base/bytes.ts";
import type { ErrorCode } from "../../base/error.ts";
import { isAuthority, parseAuthority } from "../authority.ts";
import { valueIs } from "../connection_options.ts";
import { readContentLength } from "../content_length.ts";
import { type Fields, spanOf } from "../fields.ts";
import type { RequestHead } from "../head.ts";
import { ID } from "../names.ts";
import { normalizePath } from "../path.ts";
import {
  HB_BAD_NAME,
  HB_BAD_VALUE,
  HB_CONNECTION_FIELD,
  HB_PSEUDO_KIND,
  HB_PSEUDO_LATE,
  HB_PSEUDO_REPEATED,
  HB_PSEUDO_UNKNOWN,
  HB_TOO_LARGE,
  HB_TOO_MANY,
  HB_UNDERSCORE,
  type HeaderBlock,
} from "./hpack/header_block.ts";
import { METHOD_BYTES } from "./limits.ts";

/** Why a head is refused. `status` 0: the message is malformed, and its stream is reset (RFC 9113 8.1.1); otherwise it is answered. */
export interface HeadFault {
  readonly code: ErrorCode;
  readonly status: number;
  readonly text: string;
}

interface Policy {
  readonly mergeSlashes: boolean;
  readonly scheme: "http" | "https";
  readonly pathBytes: number;
}

function malformed(text: string): HeadFault {
  return { code: "badRequest", status: 0, text };
}

function bad(text: string): HeadFault {
  return { code: "badRequest", status: 400, text };
}

/** Faults that `HeaderBlock` has found, in requests and trailers. */
const BLOCK_FAULTS: ReadonlyMap<number, HeadFault> = new Map([
  [HB_TOO_LARGE, { code: "headTooLarge", status: 431, text: "head larger than the limit" }],
  [HB_TOO_MANY, { code: "tooManyFields", status: 431, text: "more fields than the limit" }],
  [HB_BAD_NAME, malformed("field name that is empty, or not lower case and token characters (RFC 9113 8.2.1)")],
  [HB_BAD_VALUE, malformed("field value with a control character, or white space at an end (RFC 9113 8.2.1)")],
  [HB_PSEUDO_LATE, malformed("pseudo-header field behind a field (RFC 9113 8.3)")],
  [HB_PSEUDO_REPEATED, malformed("pseudo-header field twice (RFC 9113 8.3)")],
  [HB_PSEUDO_UNKNOWN, malformed("pseudo-header field that is not defined (RFC 9113 8.3)")],
  [HB_PSEUDO_KIND, malformed("pseudo-header field where it may not stand (RFC 9113 8.3)")],
  [HB_CONNECTION_FIELD, malformed("field of a connection, or TE other than trailers (RFC 9113 8.2.2)")],
  [HB_UNDERSCORE, bad("field name with an underscore")],
]);

const NO_METHOD = malformed("no :method (RFC 9113 8.3.1)");
const NO_SCHEME = malformed("no :scheme (RFC 9113 8.3.1)");
const NO_PATH = malformed("no :path, or an empty one (RFC 9113 8.3.1)");
const CONNECT_FORM = malformed("CONNECT with :scheme or :path, or without :authority (RFC 9113 8.5)");
const STRAY_PROTOCOL = malformed(":protocol without CONNECT (RFC 8441 4)");
const LENGTH = malformed("Content-Length is repeated, no number, or of a message without a body (RFC 9113 8.1.1)");
const METHOD = bad("method longer than 32 bytes");
const SCHEME = bad(":scheme is neither http nor https");
const PATH = bad(":path is not a valid one, or its percent-encoding is broken (RFC 9113 8.3.1, RFC 3986 2.1)");
const LONG_PATH: HeadFault = { code: "uriTooLong", status: 414, text: ":path longer than the limit" };
const AUTHORITY = bad(":authority or Host is no host with an optional port (RFC 9113 8.3.1)");
const HOSTS = bad("more than one Host, or one that differs from :authority (RFC 9113 8.3.1)");
const NO_AUTHORITY = bad("neither :authority nor Host (RFC 9113 8.3.1)");
const CONNECT_TO = bad("CONNECT needs an :authority of host:port and has no body (RFC 9113 8.5)");
const PROTOCOL = bad(":protocol that no upgrade may name");
const EXPECT: HeadFault = {
  code: "unsupportedExpectation",
  status: 417,
  text: "expectation other than 100-continue (RFC 9110 10.1.1)",
};

const HOST_BIT = 1 << ID.host;
const LENGTH_BIT = 1 << ID["content-length"];
const EXPECT_BIT = 1 << ID.expect;

/** The fault that the block was left with; null: none. */
export function blockFault(b: HeaderBlock): HeadFault | null {
  return b.fault === 0 ? null : (BLOCK_FAULTS.get(b.fault) ?? BLOCK_FAULTS.get(HB_BAD_VALUE)!);
}

/**
 * The head of a request from a block without faults, or why it is none (RFC 9113 8.3.1). `known` is an authority that is valid, the
 * connection's last. What h1 would refuse in a start line or in Host is refused here too, as the request may go on over h1.
 */
export function requestHead(b: HeaderBlock, f: Fields, end: boolean, o: Policy, known: string): RequestHead | HeadFault {
  const { method, protocol } = b;
  if (method === null) return NO_METHOD;
  if (method.length > METHOD_BYTES) return METHOD;
  const connect = method === "CONNECT";
  if (protocol !== null && !connect) return STRAY_PROTOCOL;
  const plainConnect = connect && protocol === null;
  // RFC 9113 8.5: CONNECT names its target by :authority alone; with :protocol it is a request like others (RFC 8441 4).
  if (plainConnect && (b.scheme !== null || b.path !== null || b.authority === null)) return CONNECT_FORM;
  if (!plainConnect) {
    if (b.scheme === null) return NO_SCHEME;
    if (b.path === null || b.path === "") return NO_PATH;
    if (b.scheme !== "https" && b.scheme !== "http" && !/^https?$/i.test(b.scheme)) return SCHEME;
    if (b.path.length > o.pathBytes) return LONG_PATH;
  }
  const length = contentLength(f, b.repeated, end);
  if (length < -1) return LENGTH;
  const authority = authorityOf(b, f, known);
  if (typeof authority !== "string") return authority;
  const head: RequestHead = {
    protocol: "HTTP/2",
    method,
    // As the connection is, and not as the client says: what routes and forwards must not be for it to choose.
    scheme: o.scheme,
    authority,
    path: plainConnect ? authority : b.path!,
    pathFlags: 0,
    fields: f,
    contentLength: length,
    upgrade: "",
    expectContinue: false,
    native: null,
    oneWay: false,
  };
  if (connect) {
    if (length > 0 || (f.mask & LENGTH_BIT) !== 0) return CONNECT_TO;
    head.contentLength = end ? 0 : -1;
  }
  if (plainConnect) {
    const a = parseAuthority(authority);
    if (a === null || a.port < 1) return CONNECT_TO;
    return head;
  }
  if (head.path.charCodeAt(0) !== 0x2f) {
    // RFC 9113 8.3.1: `*` for OPTIONS on a whole server; no absolute form.
    if (head.path !== "*" || method !== "OPTIONS") return PATH;
  } else if (!normalizePath(head, o.mergeSlashes)) return PATH;
  if (protocol !== null) {
    // As over h1: h2c would let a client speak past every rule of this proxy.
    if (protocol === "" || /^h2c?$/i.test(protocol)) return PROTOCOL;
    head.method = "GET";
    head.upgrade = protocol.toLowerCase();
    return head;
  }
  if ((f.mask & EXPECT_BIT) !== 0) {
    if (!valueIs(f, ID.expect, "100-continue")) return EXPECT;
    head.expectContinue = !end;
  }
  return head;
}

/** The body's length, -1: not known; below that: a fault. */
function contentLength(f: Fields, repeated: number, end: boolean): number {
  if ((f.mask & LENGTH_BIT) === 0) return end ? 0 : -1;
  if ((repeated & LENGTH_BIT) !== 0) return BAD;
  const n = readContentLength(f);
  // RFC 9113 8.1.1: it equals the DATA that comes, and none does.
  return n < 0 || (end && n > 0) ? BAD : n;
}

const BAD = -2;

/** The one authority of :authority and Host, which then is Host's value too: where the request goes on over h1 it has one. */
function authorityOf(b: HeaderBlock, f: Fields, known: string): string | HeadFault {
  const { authority } = b;
  if ((f.mask & HOST_BIT) !== 0) {
    if ((b.repeated & HOST_BIT) !== 0) return HOSTS;
    const i = spanOf(f, ID.host);
    const host = latin1(f.raw, f.spans[i + 2]!, f.spans[i + 3]!);
    if (authority !== null && authority.toLowerCase() !== host.toLowerCase()) return HOSTS;
    return host !== "" && (host === known || isAuthority(host)) ? host : AUTHORITY;
  }
  if (authority === null) return NO_AUTHORITY;
  if (authority === "" || (authority !== known && !isAuthority(authority))) return AUTHORITY;
  f.added = ["Host", authority];
  f.mask |= HOST_BIT;
  return authority;
}
