import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { fieldValue, fieldValues, hasField, type Message } from "../support/message.ts";
import { ask, get } from "../support/raw_client.ts";
import { reply } from "../support/raw_origin.ts";
import { type Site, type SiteOptions, startSite } from "../support/weir.ts";

setDefaultTimeout(30_000);

const HOST = "Host: test.example\r\n";
const open: Site[] = [];
afterEach(async () => {
  for (const s of open.splice(0)) await s[Symbol.asyncDispose]();
});

async function site(o: SiteOptions = {}): Promise<Site> {
  const s = await startSite(o);
  open.push(s);
  return s;
}

/** The fields that the origin gets of a GET with these. */
async function sent(s: Site, ...fields: string[]): Promise<Message> {
  const got = await get(s.port, "/x", "test.example", ...fields);
  expect(got.status).toBe(200);
  return s.origin.requests.at(-1)!;
}

describe("fields of one hop", () => {
  test("go no further on requests, those named by Connection among them", async () => {
    const s = await site();
    const text = [
      "GET /hop HTTP/1.1",
      "Host: test.example",
      "Connection: keep-alive, X-Mine, x-other",
      "Keep-Alive: timeout=5",
      "Proxy-Connection: keep-alive",
      "X-Mine: 1",
      "X-OTHER: 2",
      "X-Kept: 3",
      "TE: trailers, deflate",
      "Proxy-Authorization: Basic eA==",
      "",
      "",
    ].join("\r\n");
    expect((await ask(s.port, text)).status).toBe(200);
    const { fields } = s.origin.requests.at(-1)!;
    for (const name of ["keep-alive", "proxy-connection", "x-mine", "x-other"]) expect(fieldValues(fields, name)).toEqual([]);
    // RFC 9110 10.1.4: what Weir itself says of trailers is of its own hop.
    expect([fieldValue(fields, "te"), fieldValue(fields, "connection").toLowerCase()]).toEqual(["trailers", "te"]);
    expect(fieldValue(fields, "x-kept")).toBe("3");
  });

  test("go no further on replies", async () => {
    const fields = [
      "Connection: X-Mine, keep-alive",
      "Keep-Alive: timeout=5",
      "Proxy-Connection: x",
      "X-Mine: 1",
      "X-Kept: 2",
      "Upgrade: h2c",
    ];
    const s = await site({ origin: { serve: (_r, conn) => conn.send(reply(200, "ok", ...fields)) } });
    const got = await ask(s.port, `GET /hop HTTP/1.1\r\n${HOST}\r\n`);
    for (const name of ["keep-alive", "proxy-connection", "x-mine", "connection", "upgrade"])
      expect(hasField(got.fields, name)).toBe(false);
    expect(fieldValue(got.fields, "x-kept")).toBe("2");
  });
});

describe("who the client is", () => {
  test("what an unknown peer claims is replaced", async () => {
    const s = await site();
    const { fields } = await sent(
      s,
      "X-Forwarded-For: 1.2.3.4",
      "X-Forwarded-Proto: https",
      "X-Forwarded-Host: evil",
      "X-Request-Id: mine",
      "Forwarded: for=1.2.3.4",
    );
    expect(fieldValues(fields, "x-forwarded-for")).toEqual(["127.0.0.1"]);
    expect(fieldValues(fields, "x-forwarded-proto")).toEqual(["http"]);
    expect(fieldValues(fields, "x-forwarded-host")).toEqual(["test.example"]);
    expect(fieldValues(fields, "forwarded")).toEqual([]);
    expect(fieldValues(fields, "x-request-id")).not.toContain("mine");
    expect(fieldValues(fields, "x-request-id").length).toBe(1);
  });

  test("an empty or repeated X-Request-Id is replaced by one", async () => {
    const s = await site();
    for (const claimed of [["X-Request-Id:"], ["X-Request-Id: a", "X-Request-Id: b"]])
      expect(fieldValues((await sent(s, ...claimed)).fields, "x-request-id")).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  });

  test("what a trusted peer says is appended to", async () => {
    const s = await site({ listener: { forwarded: { trustedProxies: ["127.0.0.0/8", "10.0.0.0/8"], forwarded: "set" } } });
    const { fields } = await sent(
      s,
      "X-Forwarded-For: 1.2.3.4, 10.0.0.1",
      "X-Forwarded-Proto: https",
      "X-Request-Id: mine",
      "Forwarded: for=1.2.3.4",
    );
    expect(fieldValues(fields, "x-forwarded-for")).toEqual(["1.2.3.4, 10.0.0.1, 127.0.0.1"]);
    expect(fieldValues(fields, "x-forwarded-proto")).toEqual(["https"]);
    expect(fieldValues(fields, "x-request-id")).toEqual(["mine"]);
    expect(fieldValue(fields, "forwarded")).toMatch(/^for=1\.2\.3\.4, for=127\.0\.0\.1;/);
    expect((await s.logged("/x"))["client_address"]).toBe("1.2.3.4");
  });

  test("each field can be kept or removed", async () => {
    const claimed = ["X-Forwarded-For: 1.2.3.4", "X-Request-Id: mine", "Forwarded: for=1.2.3.4"];
    const kept = await site({ listener: { forwarded: { xForwarded: "keep", forwarded: "keep", requestId: "keep" } } });
    const first = (await sent(kept, ...claimed)).fields;
    expect([fieldValues(first, "x-forwarded-for"), fieldValues(first, "x-request-id"), fieldValues(first, "forwarded")]).toEqual([
      ["1.2.3.4"],
      ["mine"],
      ["for=1.2.3.4"],
    ]);
    const removed = await site({ listener: { forwarded: { xForwarded: "remove", forwarded: "remove", requestId: "remove" } } });
    const second = (await sent(removed, ...claimed, "X-Forwarded-Proto: https", "X-Forwarded-Host: h")).fields;
    for (const name of ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id", "forwarded"])
      expect(hasField(second, name)).toBe(false);
  });

  test("Via is added both ways when asked for, with the version received", async () => {
    const s = await site({
      listener: { forwarded: { via: true } },
      top: { name: "edge" },
      origin: { serve: (_r, conn) => conn.send(reply(200, "", "Via: 1.1 inner")) },
    });
    const got = await ask(s.port, `GET /x HTTP/1.0\r\n${HOST}Via: 1.1 outer\r\n\r\n`);
    expect(fieldValue(s.origin.requests[0]!.fields, "via")).toBe("1.1 outer, 1.0 edge");
    expect(fieldValue(got.fields, "via")).toBe("1.1 inner, 1.1 edge");
    const quiet = await site();
    expect(hasField((await sent(quiet)).fields, "via")).toBe(false);
  });

  test("the request id stands in the access log", async () => {
    const s = await site();
    const { fields } = await sent(s);
    expect((await s.logged("/x"))["request_id"]).toBe(fieldValue(fields, "x-request-id"));
  });
});

describe("names with _", () => {
  test("are dropped, kept or refused", async () => {
    expect(hasField((await sent(await site(), "X_A: 1", "X-B: 2")).fields, "x_a")).toBe(false);
    expect(fieldValue((await sent(await site({ listener: { underscores: "keep" } }), "X_A: 1")).fields, "x_a")).toBe("1");
    const refusing = await site({ listener: { underscores: "refuse" } });
    expect((await get(refusing.port, "/x", "test.example", "X_A: 1")).status).toBe(400);
    expect(refusing.origin.requests.length).toBe(0);
  });
});

describe("paths", () => {
  const forms: readonly (readonly [string, string])[] = [
    ["/a/./b/../c", "/a/c"],
    ["/a/%2e%2e/b", "/b"],
    ["/../../a", "/a"],
    ["/%61%2D%7e%5F", "/a-~_"],
    ["/a%2fb".replace("%2f", "%20"), "/a%20b"],
    ["/a//b", "/a//b"],
    ["/a/..", "/"],
    ["/a/.", "/a/"],
    ["/%c3%a9", "/%C3%A9"],
    ["/a;b=1/c", "/a;b=1/c"],
    ["/a?x=/../y&%61", "/a?x=/../y&%61"],
  ];

  test("are brought to one form, which is matched and sent on", async () => {
    const s = await site();
    for (const [asked, wanted] of forms) {
      expect((await get(s.port, asked)).status).toBe(200);
      expect(s.origin.requests.at(-1)!.target).toBe(wanted);
    }
  });

  test("a rule can't be gone round by another spelling", async () => {
    const s = await site({
      routes: [
        { name: "no", match: [{ prefix: "/admin" }], respond: { status: 403 } },
        { name: "all", to: "origin" },
      ],
    });
    for (const path of [
      "/admin",
      "/admin/x",
      "/x/../admin",
      "/x/%2e%2e/admin/y",
      "/%61dmin",
      "/./admin",
      "/admin/.",
      "/x/y/../../admin",
    ])
      expect((await get(s.port, path)).status).toBe(403);
    expect(s.origin.requests.length).toBe(0);
  });

  test("// is merged when asked for", async () => {
    const s = await site({ listener: { paths: { mergeSlashes: true } } });
    await get(s.port, "//a///b//");
    expect(s.origin.requests.at(-1)!.target).toBe("/a/b/");
  });

  test("an encoded slash, a backslash and NUL are refused unless the route says otherwise", async () => {
    const s = await site({
      routes: [
        { name: "loose", match: [{ prefix: "/loose" }], to: "origin", allow: { encodedSlash: true, backslash: true, nul: true } },
        { name: "all", to: "origin" },
      ],
    });
    for (const mark of ["%2f", "%2F", "\\", "%5c", "%00"]) {
      expect((await get(s.port, `/strict/a${mark}b`)).status).toBe(400);
      expect((await get(s.port, `/loose/a${mark}b`)).status).toBe(200);
    }
    expect(s.origin.requests.length).toBe(5);
    expect((await s.logged("/strict/a%2Fb"))["flags"]).toBe("DPE");
  });
});

describe("what a route changes", () => {
  test("header fields are removed, set and added, on requests and replies", async () => {
    const s = await site({
      origin: { serve: (_r, conn) => conn.send(reply(200, "ok", "Server: inner", "X-Old: 1", "X-Old: 2", "Set-Cookie: a=1")) },
      route: {
        requestHeaders: { remove: ["Cookie"], set: { "X-Team": "edge" }, add: { "X-Many": ["1", "2"] } },
        responseHeaders: { remove: ["server"], set: { "x-old": "new" }, add: { "Set-Cookie": "b=2" } },
      },
    });
    const got = await get(s.port, "/x", "test.example", "Cookie: a", "X-Team: claimed", "x-team: twice", "X-Many: 0");
    const { fields } = s.origin.requests[0]!;
    expect(hasField(fields, "cookie")).toBe(false);
    expect(fieldValues(fields, "x-team")).toEqual(["edge"]);
    expect(fieldValues(fields, "x-many")).toEqual(["0", "1", "2"]);
    expect(hasField(got.fields, "server")).toBe(false);
    expect(fieldValues(got.fields, "x-old")).toEqual(["new"]);
    expect(fieldValues(got.fields, "set-cookie")).toEqual(["a=1", "b=2"]);
  });

  test("paths and hosts are rewritten", async () => {
    const s = await site({
      routes: [
        { name: "full", match: [{ prefix: "/full" }], to: "origin", rewrite: { path: "/one" } },
        { name: "prefix", match: [{ prefix: "/old" }], to: "origin", rewrite: { prefix: "/new/er" } },
        { name: "gone", match: [{ prefix: "/gone" }], to: "origin", rewrite: { prefix: "/" } },
        {
          name: "regex",
          match: [{ prefix: "/users" }],
          to: "origin",
          rewrite: { regex: "^/users/([0-9]+)", substitution: "/u/\\1/x" },
        },
        { name: "literal", match: [{ path: "/literal" }], to: "origin", rewrite: { host: "inner.example" } },
        { name: "endpoint", match: [{ path: "/endpoint" }], to: "origin", rewrite: { host: "endpoint" } },
        { name: "pass", match: [{ path: "/pass" }], to: "origin", rewrite: { host: "pass" } },
      ],
      cluster: { host: "cluster.example" },
    });
    const paths: readonly (readonly [string, string])[] = [
      ["/full/a?q=1", "/one?q=1"],
      ["/old/a?q=1", "/new/er/a?q=1"],
      ["/old", "/new/er"],
      ["/gone/a/b", "/a/b"],
      ["/gone", "/"],
      ["/users/42/y?z", "/u/42/x/y?z"],
    ];
    for (const [asked, wanted] of paths) {
      expect((await get(s.port, asked)).status).toBe(200);
      expect(s.origin.requests.at(-1)!.target).toBe(wanted);
      expect(fieldValues(s.origin.requests.at(-1)!.fields, "host")).toEqual(["cluster.example"]);
    }
    const hosts: Readonly<Record<string, string>> = {
      "/literal": "inner.example",
      "/endpoint": `127.0.0.1:${s.origin.port}`,
      "/pass": "test.example",
    };
    for (const [path, host] of Object.entries(hosts)) {
      await get(s.port, path);
      expect(fieldValues(s.origin.requests.at(-1)!.fields, "host")).toEqual([host]);
    }
    expect((await s.logged("/old/a?q=1"))["status"]).toBe(200);
  });

  test("redirects", async () => {
    const s = await site({
      routes: [
        { name: "secure", match: [{ path: "/s" }], redirect: { scheme: "https", status: 308 } },
        { name: "away", match: [{ path: "/away" }], redirect: { host: "other.example", path: "/there", stripQuery: true } },
        { name: "port", match: [{ path: "/port" }], redirect: { port: 8443, scheme: "https" } },
        { name: "prefix", match: [{ prefix: "/old" }], redirect: { prefix: "/new", status: 301 } },
      ],
    });
    const wanted: readonly (readonly [string, number, string])[] = [
      ["/s?q=1", 308, "https://test.example/s?q=1"],
      ["/away?q=1", 302, "http://other.example/there"],
      ["/port", 302, "https://test.example:8443/port"],
      ["/old/a?b", 301, "http://test.example/new/a?b"],
    ];
    for (const [path, status, location] of wanted) {
      const got = await get(s.port, path);
      expect([got.status, fieldValue(got.fields, "location")]).toEqual([status, location]);
    }
    expect(s.origin.connections.length).toBe(0);
  });

  test("a redirect can't be made to leave for another host by the path", async () => {
    const s = await site({ routes: [{ name: "r", match: [{ prefix: "/" }], redirect: { prefix: "/" } }] });
    expect(fieldValue((await get(s.port, "//evil.example/x")).fields, "location")).toMatch(/^http:\/\/test\.example\//);
  });

  test("replies of Weir's own", async () => {
    const s = await site({
      routes: [
        {
          name: "json",
          match: [{ path: "/json" }],
          respond: { status: 201, body: '{"a":"é"}', contentType: "application/json" },
        },
        { name: "empty", match: [{ path: "/empty" }], respond: { status: 204 } },
        { name: "plain", respond: { body: "hello\n" }, responseHeaders: { set: { "X-A": "b" } } },
      ],
    });
    const json = await get(s.port, "/json");
    expect([json.status, fieldValue(json.fields, "content-type"), Buffer.from(json.body, "latin1").toString("utf8")]).toEqual([
      201,
      "application/json",
      '{"a":"é"}',
    ]);
    expect((await get(s.port, "/empty")).status).toBe(204);
    const plain = await get(s.port, "/other");
    expect([plain.status, plain.body, fieldValue(plain.fields, "x-a")]).toEqual([200, "hello\n", "b"]);
    expect(fieldValue(plain.fields, "content-type")).toBe("text/plain; charset=utf-8");
  });
});
