import { describe, expect, test } from "bun:test";
import { type ErrorCode, ProxyError, type Side } from "../../../../src/base/error.ts";
import { Fields } from "../../../../src/http/fields.ts";
import { errorName } from "../../../../src/http/h2/error_codes.ts";
import { resetCode, type StreamKind } from "../../../../src/http/h2/reset_codes.ts";
import { ERROR_CODES } from "../../../../src/telemetry/response_flags.ts";
import { responseHead, ServerDrive } from "./server_drive.ts";
import * as w from "./wire.ts";

const KINDS: readonly StreamKind[] = ["message", "call", "connect", "extended"];

const GIVEN_UP = ["INTERNAL_ERROR", "CANCEL", "CANCEL", "CANCEL"];
const UPSTREAM = ["INTERNAL_ERROR", "INTERNAL_ERROR", "CONNECT_ERROR", "CANCEL"];
const OWN = Array.from(KINDS, () => "INTERNAL_ERROR");
/** What each fault is told as, in the order of `KINDS`. */
const rows: readonly [rfc: string, codes: readonly ErrorCode[], told: readonly string[]][] = [
  ["RFC 9113 7: the client broke the protocol", ["badRequest", "proxyHeader"], Array.from(KINDS, () => "PROTOCOL_ERROR")],
  ["RFC 9113 7: more load than the client may make", ["flood"], Array.from(KINDS, () => "ENHANCE_YOUR_CALM")],
  [
    "PROTOCOL-HTTP2.md Errors: a call that is cancelled; RFC 9113 8.1: a reply that is not whole must not pass for it",
    [
      ...(["requestTimeout", "responseTimeout", "streamIdleTimeout", "idleTimeout", "draining"] as const),
      ...(["headTimeout", "bodyTimeout", "writeTimeout", "clientReset", "clientClosed"] as const),
      ...(["headTooLarge", "uriTooLong", "tooManyFields", "bodyTooLarge", "tooManyConnections"] as const),
      ...(["unsupportedTransferCoding", "unsupportedVersion", "unsupportedExpectation"] as const),
      ...(["noRoute", "noCluster", "pathRefused", "upgradeRefused", "methodRefused", "misdirected"] as const),
      ...(["faultInjected", "notAdmitted", "filterReset", "filterFailed", "overloaded"] as const),
    ],
    GIVEN_UP,
  ],
  [
    "RFC 9113 8.5: CONNECT's TCP connection failed; RFC 8441 5: so did that of an extended CONNECT",
    [
      ...(["upstreamReset", "upstreamClosed", "upstreamProtocol", "upstreamHeadTooLarge", "overflow"] as const),
      ...(["noHost", "connectRefused", "connectTimeout", "connectFailed", "tlsHandshake"] as const),
    ],
    UPSTREAM,
  ],
  ["RFC 9113 7: a fault of Weir's own", ["internal", "noDescriptors", "addressInUse"], OWN],
];

describe("the code of a reset", () => {
  for (const [rfc, codes, told] of rows)
    test(rfc, () => {
      for (const code of codes) expect([code, ...KINDS.map((k) => errorName(resetCode(code, k)))]).toEqual([code, ...told]);
    });

  test("the rows hold every fault once", () => {
    expect(rows.flatMap(([, codes]) => codes).sort()).toEqual([...ERROR_CODES].sort());
  });
});

const CONNECT: w.Pairs = [
  [":method", "CONNECT"],
  [":authority", "b:443"],
];
const EXTENDED: w.Pairs = [[":method", "CONNECT"], [":protocol", "websocket"], ...w.get("/").slice(1)];

describe("on a stream whose head has gone", () => {
  const streams: readonly [kind: StreamKind, request: w.Pairs, status: number][] = [
    ["message", w.get("/", ["content-type", "application/json"]), 200],
    ["call", w.post(["content-type", "application/grpc+proto"]), 200],
    ["connect", CONNECT, 200],
    ["extended", EXTENDED, 101],
    // A tunnel that was refused is none.
    ["message", CONNECT, 403],
    ["message", EXTENDED, 403],
  ];
  const faults: readonly [ErrorCode, Side][] = [
    ["requestTimeout", "internal"],
    ["upstreamReset", "upstream"],
    ["bodyTimeout", "downstream"],
    ["badRequest", "downstream"],
    ["internal", "internal"],
  ];
  for (const [kind, request, status] of streams)
    for (const [code, side] of faults)
      test(`${kind} ${status}: ${code}`, () => {
        const d = new ServerDrive();
        d.onEnd = null;
        d.feed(w.headers(1, request, w.END_HEADERS));
        const s = d.last;
        s.w.sendHead(responseHead(status, Fields.empty()), false);
        s.w.sendData(w.latin1("x"), false);
        d.after();
        s.w.reset(new ProxyError("x", { code, side, scope: "stream", retry: "never", status: 0 }));
        expect(d.after()).toEqual([`RST 1 ${errorName(resetCode(code, kind))}`]);
      });

  for (const [kind, request, told] of [
    ["message", w.get(), "INTERNAL_ERROR"],
    ["call", w.post(["content-type", "application/grpc"]), "CANCEL"],
  ] as const)
    test(`${kind}: nothing of what waits was taken`, () => {
      const d = new ServerDrive({ stallMs: 40 });
      d.onEnd = null;
      d.feed(w.settings([4, 3]), w.headers(1, request));
      d.last.w.sendHead(responseHead(200), false);
      d.last.w.sendData(w.latin1("hello"), true);
      d.after();
      expect(d.at(40)).toEqual([`RST 1 ${told}`]);
    });
});
