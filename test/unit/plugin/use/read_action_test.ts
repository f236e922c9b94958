import { describe, expect, test } from "bun:test";
import type { ActionRules } from "../../../../src/plugin/use/action_rules.ts";
import { type Action, NO_ACTION, readAction } from "../../../../src/plugin/use/read_action.ts";

const REQUEST: ActionRules = { side: "request", authority: false, clusters: new Set(["b"]) };
const GRANTED: ActionRules = { ...REQUEST, authority: true };
const RESPONSE: ActionRules = { side: "response", authority: false, clusters: new Set() };
const bytes = (s: string): Uint8Array => new TextEncoder().encode(s);

const GOOD: readonly [name: string, result: unknown, rules: ActionRules, wanted: Partial<Action>][] = [
  ["nothing", null, REQUEST, {}],
  ["an empty object", {}, REQUEST, {}],
  ["unknown members", { whatever: 1 }, REQUEST, {}],
  [
    "changes of fields",
    {
      fields: [
        ["set", "x-a", "b"],
        ["add", "x-a", "\xff"],
        ["remove", "x-b"],
      ],
    },
    REQUEST,
    {
      fields: [
        ["set", "x-a", "b"],
        ["add", "x-a", "\xff"],
        ["remove", "x-b"],
      ],
    },
  ],
  ["the head", { method: "PUT", path: "/a?b", scheme: "https" }, REQUEST, { method: "PUT", path: "/a?b", scheme: "https" }],
  ["the authority where it is granted", { authority: "a:1" }, GRANTED, { authority: "a:1" }],
  ["Host where it is granted", { fields: [["set", "Host", "a"]] }, GRANTED, { fields: [["set", "Host", "a"]] }],
  ["a cluster that is granted, and a host", { cluster: "b", host: "1.2.3.4:5" }, REQUEST, { cluster: "b", host: "1.2.3.4:5" }],
  ["a time", { timeoutMs: 5 }, REQUEST, { timeoutMs: 5 }],
  ["metadata", { metadata: { a: { b: 1 } } }, REQUEST, { metadata: [["a", { b: 1 }]] }],
  ["no body phase", { body: "none" }, REQUEST, { leavesBody: true }],
  ["a hint", { cache: { key: ["method"], ttlMs: 1 } }, REQUEST, { cache: { key: ["method"], ttlMs: 1 } }],
  ["a body as text", { text: "é" }, REQUEST, { body: bytes("é") }],
  ["a body in base64", { base64: "AP8=" }, REQUEST, { body: Uint8Array.of(0, 255) }],
  ["a reset", { reset: true }, REQUEST, { reset: true }],
  ["a status of a reply", { status: 404 }, RESPONSE, { status: 404 }],
  [
    "an answer",
    { respond: { status: 200, fields: [["x-a", "b"]], text: "t" } },
    REQUEST,
    { reply: { status: 200, fields: [["x-a", "b"]], body: bytes("t") } },
  ],
  [
    "a redirect",
    { redirect: { location: "/x" } },
    REQUEST,
    { reply: { status: 302, fields: [["location", "/x"]], body: new Uint8Array(0) } },
  ],
];

const BAD: readonly [result: unknown, rules: ActionRules, said: string][] = [
  [{ fields: [["set", "x-a", " b"]] }, REQUEST, "blank"],
  [{ respond: { status: 200, fields: [["x-a", "b\t"]] } }, REQUEST, "blank"],
  ["text", REQUEST, "no object"],
  [[], REQUEST, "no object"],
  [{ fields: {} }, REQUEST, "no list"],
  [{ fields: [["put", "a", "b"]] }, REQUEST, "none of set, add and remove"],
  [{ fields: [["set", "a"]] }, REQUEST, "none of set, add and remove"],
  [{ fields: [["set", "a", 1]] }, REQUEST, "not two strings"],
  [{ fields: [["set", "a b", "c"]] }, REQUEST, "no name of a field"],
  [{ fields: [["set", "", "c"]] }, REQUEST, "no name of a field"],
  [{ fields: [["set", ":path", "c"]] }, REQUEST, "no name of a field"],
  [{ fields: [["set", "x-a", "b\r\nx-evil: 1"]] }, REQUEST, "control character"],
  [{ fields: [["set", "x-a", "\0"]] }, REQUEST, "control character"],
  [{ fields: [["set", "x-a", "€"]] }, REQUEST, "U+00FF"],
  ...[
    "Content-Length",
    "transfer-encoding",
    "Connection",
    "te",
    "trailer",
    "Upgrade",
    "keep-alive",
    "proxy-connection",
    "HTTP2-Settings",
  ].flatMap((name): [unknown, ActionRules, string][] => [
    [{ fields: [["set", name, "1"]] }, GRANTED, "Weir's own"],
    [{ fields: [["remove", name]] }, GRANTED, "Weir's own"],
    [{ respond: { status: 200, fields: [[name, "1"]] } }, GRANTED, "Weir's own"],
  ]),
  [{ fields: [["set", "host", "a"]] }, REQUEST, "not granted"],
  [{ authority: "a" }, REQUEST, "not granted"],
  [{ authority: "a b" }, GRANTED, "authority is none"],
  [{ authority: "u@a" }, GRANTED, "authority is none"],
  [{ cluster: "c" }, REQUEST, "not granted"],
  [{ method: "CONNECT" }, REQUEST, "method is none"],
  [{ method: "A B" }, REQUEST, "method is none"],
  [{ path: "a" }, REQUEST, "no path"],
  [{ path: "/a b" }, REQUEST, "no path"],
  [{ path: "/\r\n" }, REQUEST, "no path"],
  [{ scheme: "ftp" }, REQUEST, "scheme"],
  [{ status: 200 }, REQUEST, "status is for replies"],
  [{ status: 100 }, RESPONSE, "within 200 and 599"],
  [{ path: "/" }, RESPONSE, "path is for requests"],
  [{ cluster: "b" }, RESPONSE, "cluster is for requests"],
  [{ timeoutMs: 0 }, REQUEST, "timeoutMs"],
  [{ timeoutMs: "1" }, REQUEST, "timeoutMs"],
  [{ metadata: { a: 1 } }, REQUEST, "metadata"],
  [{ body: "some" }, REQUEST, "body"],
  [{ cache: { key: "method", ttlMs: 1 } }, REQUEST, "cache"],
  [{ text: "a", base64: "" }, REQUEST, "more than once"],
  [{ base64: "A" }, REQUEST, "padded"],
  [{ base64: "!!!!" }, REQUEST, "base64 is none"],
  [{ respond: { status: 99 } }, REQUEST, "within 200 and 599"],
  [{ respond: { status: 200 }, reset: true }, REQUEST, "exclude each other"],
  [{ redirect: { location: "/x", status: 200 } }, REQUEST, "redirect"],
  [{ redirect: { location: "/x\r\n" } }, REQUEST, "location"],
];

describe("an answer of a plugin", () => {
  for (const [name, result, rules, wanted] of GOOD)
    test(name, () => {
      expect(readAction(result, null, rules)).toEqual({ ...NO_ACTION, ...wanted });
    });
  for (const [result, rules, said] of BAD)
    test(`refused: ${JSON.stringify(result)}`, () => {
      const action = readAction(result, null, rules);
      expect(typeof action === "string" ? action : "taken").toContain(said);
    });
  test("a frame is the body, or the answer's", () => {
    const frame = bytes("frame");
    expect(readAction({}, frame, REQUEST)).toMatchObject({ body: frame, reply: null });
    expect(readAction({ respond: { status: 200 } }, frame, REQUEST)).toMatchObject({ body: null, reply: { body: frame } });
    expect(readAction({ text: "t" }, frame, REQUEST)).toBe("the body is there more than once");
  });
});
