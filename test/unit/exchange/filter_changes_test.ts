import { describe, expect, test } from "bun:test";
import { encodeLatin1 } from "../../../src/base/bytes.ts";
import { forgetLength } from "../../../src/filter/body_length.ts";
import type { RequestChange } from "../../../src/filter/request_change.ts";
import type { Filter, FilterExchange, Reply } from "../../../src/filter/types.ts";
import { RESET, redirectTo } from "../../../src/filter/verdicts.ts";
import { Fields } from "../../../src/http/fields.ts";
import { FilteredSite } from "./filtered_site.ts";
import type { HostsOptions } from "./hosts_site.ts";
import { get, ok, statuses } from "./site.ts";

function post(path: string, body: string, fields = ""): string {
  return `POST ${path} HTTP/1.1\r\nHost: a\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** What one request becomes; its upstream answers with `reply`. */
async function sent(filter: Filter, request = get("/p?q"), reply = ok("up"), o: HostsOptions = {}) {
  const site = await FilteredSite.of([filter], o);
  const host = await site.listen(9001);
  const client = await site.client(request);
  const text = host.peers.length === 0 ? "" : host.last.take();
  if (text !== "") host.last.send(reply);
  await site.settled();
  return { site, host, client, text };
}

function changing(change: RequestChange): Filter {
  return {
    onRequest: (x) => {
      const fault = x.changeRequest(change);
      if (fault !== null) throw new Error(fault);
    },
  };
}

describe("a changed request", () => {
  test("is what is sent, with one Host, and told on as it came", async () => {
    const { text, client } = await sent(
      changing({ method: "PUT", path: "/x/../n%65w?r", authority: "b.example:81", scheme: "https" }),
      get("/p?q"),
      ok("up"),
      { forwarded: "xForwarded: set, requestId: remove, via: false" },
    );
    expect(text).toBe(
      "PUT /new?r HTTP/1.1\r\nHost: b.example:81\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a\r\n\r\n",
    );
    expect(statuses(client.text)).toEqual([200]);
  });

  test("written into the head itself is held to the same rules", async () => {
    const { text } = await sent({
      onRequest: (x) => {
        x.request.path = "/a/./b";
        x.request.authority = "b";
      },
    });
    expect(text).toStartWith("GET /a/b HTTP/1.1\r\nHost: b\r\n");
  });

  test.each<[string, Partial<FilterExchange["request"]>]>([
    ["a method with a space", { method: "GET /x" }],
    ["no method", { method: "" }],
    ["CONNECT", { method: "CONNECT" }],
    ["a path with a line break", { path: "/\r\nX: y" }],
    ["a relative path", { path: "x" }],
    ["a broken escape", { path: "/%4" }],
    ["a slash in an escape", { path: "/a%2Fb" }],
    ["a fragment", { path: "/a#b" }],
    ["text that is no byte", { path: "/\u0100" }],
    ["an authority with a user", { authority: "u@b" }],
    ["no authority", { authority: "" }],
    ["another scheme", { scheme: "ftp" }],
  ])("with %s goes nowhere", async (_what, change) => {
    const { site, text, client } = await sent({ onRequest: (x) => void Object.assign(x.request, change) });
    expect(text).toBe("");
    expect(statuses(client.text)).toEqual([500]);
    expect(site.errors[0]).toContain("a filter threw");
    expect(site.active).toEqual([0, 0]);
  });

  test("with a method that forbids a body has none", async () => {
    const { text, client } = await sent(
      { onRequest: (x) => void Object.assign(x.request, { method: "TRACE" }) },
      post("/", "body"),
    );
    expect(text).toBe("");
    expect(statuses(client.text)).toEqual([500]);
  });

  test("with a method that rarely has one keeps its body framed", async () => {
    const { text } = await sent(changing({ method: "GET" }), post("/", "body"));
    expect(text).toBe("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
  });

  test("HEAD for GET: the client learns that no body comes", async () => {
    const { text, client } = await sent(changing({ method: "HEAD" }), get("/").repeat(1), ok("").replace("0", "5"));
    expect(text).toStartWith("HEAD / ");
    expect(client.text).toContain("Content-Length: 0\r\n\r\n");
  });

  test("GET for HEAD: the body stays here, and the next request has its reply", async () => {
    const { site, host, client } = await sent(changing({ method: "GET" }), "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", ok("12345"));
    expect(client.text).toEndWith("Content-Length: 5\r\n\r\n");
    client.take();
    client.send(get("/2"));
    await site.settled();
    host.last.send(ok("two"));
    await site.settled();
    expect(client.text).toEndWith("two");
    expect(host.peers.length).toBe(1);
  });

  test("is tried again by the method that is sent", async () => {
    const site = await FilteredSite.of([changing({ method: "POST" })]);
    const host = await site.listen(9001);
    const client = await site.client(get("/"));
    host.last.send(ok("one"));
    await site.settled();
    client.take();
    client.send(get("/"));
    await site.settled();
    host.last.conn!.end();
    await site.settled();
    expect(statuses(client.text)).toEqual([502]);
    expect(host.peers.length).toBe(1);
  });

  test("whose path left its route's prefix is not rewritten", async () => {
    const route = ", match: [{ prefix: /api }], rewrite: { prefix: /v2 }";
    const moved = await sent(changing({ path: "/elsewhere" }), get("/api/x"), ok(""), { route });
    expect(moved.text).toStartWith("GET /elsewhere ");
    const below = await sent(changing({ path: "/api/y" }), get("/api/x"), ok(""), { route });
    expect(below.text).toStartWith("GET /v2/y ");
  });
});

describe("where a request goes", () => {
  const clusters = '  other: { endpoints: ["127.0.0.1:9005", "127.0.0.1:9006"] }';

  test("another cluster, and a host of it", async () => {
    const seen: unknown[] = [];
    const site = await FilteredSite.of(
      [
        {
          onRequest: (x) => {
            x.override.cluster = "other";
            x.override.host = "127.0.0.1:9006";
          },
          onDone: (x) => void seen.push(x.cluster, x.endpoint, x.status, x.duration, x.responseBodyBytes),
        },
      ],
      { clusters },
    );
    const host = await site.listen(9006);
    const client = await site.client(get("/"));
    await site.advance(5);
    host.last.send(ok("other"));
    await site.settled();
    expect(client.text).toEndWith("other");
    expect(seen).toEqual(["other", "127.0.0.1:9006", 200, 5, 5]);
  });

  for (const [what, balance, route, field] of [
    ["its own keys", "maglev: { on: { header: x-user } }", "", "X-User"],
    ["the route's keys", "ringHash: { on: { header: x-user } }", ", hash: [{ header: x-group }]", "X-Group"],
  ] as const)
    test(`a cluster that is none of the route's, by ${what}`, async () => {
      const ports = [9005, 9006, 9007];
      const list = ports.map((p) => `"127.0.0.1:${p}"`).join(", ");
      const clusters = `  other: { endpoints: [${list}], balance: { ${balance} } }`;
      const away: Filter = { onRequest: (x) => void Object.assign(x.override, { cluster: "other" }) };
      const site = await FilteredSite.of([away], { clusters, route });
      for (const port of ports) await site.listen(port);
      const client = await site.client();
      const hostOf = async (user: string): Promise<number> => {
        client.send(get("/", `${field}: ${user}\r\n`));
        await site.settled();
        const port = ports.find((p) => site.hosts.get(p)!.peers.some((peer) => peer.take() !== ""))!;
        site.hosts.get(port)!.last.send(ok("x"));
        await site.settled();
        return port;
      };
      const users = Array.from({ length: 30 }, (_, i) => `user ${i}`);
      const first: number[] = [];
      for (const u of users) first.push(await hostOf(u));
      const second: number[] = [];
      for (const u of users) second.push(await hostOf(u));
      expect(second).toEqual(first);
      expect(new Set(first)).toEqual(new Set(ports));
    });

  test("a cluster that is none", async () => {
    const { client } = await sent({ onRequest: (x) => void Object.assign(x.override, { cluster: "nowhere" }) });
    expect(statuses(client.text)).toEqual([503]);
  });

  test("a host that is none is the policy's choice", async () => {
    const { client } = await sent({ onRequest: (x) => void Object.assign(x.override, { host: "127.0.0.1:9009" }) });
    expect(statuses(client.text)).toEqual([200]);
  });
});

describe("outcomes", () => {
  test("a redirect", async () => {
    const { text, client } = await sent({ onRequest: () => redirectTo("https://b.example/x", 308) });
    expect(text).toBe("");
    expect(client.text).toContain("308 Permanent Redirect");
    expect(client.text).toContain("Location: https://b.example/x\r\n");
    expect(() => redirectTo("/a\r\nX: y")).toThrow("without spaces");
  });

  test("a reset closes the connection, without a word", async () => {
    const flags: string[] = [];
    const { client } = await sent({ onRequest: () => RESET, onDone: (x) => void flags.push(x.flags) });
    expect(client.text).toBe("");
    expect(client.gone).toBe(true);
    expect(flags).toEqual(["FR"]);
  });

  test("a reply in the place of the upstream's, whose connection goes on", async () => {
    const reply = (): Reply => ({
      head: { status: 418, reason: "", fields: Fields.of("X", "y", "Content-Length", "99"), contentLength: 99, upgrade: "" },
      body: encodeLatin1("tea"),
    });
    const { site, host, client } = await sent({ onResponse: (x) => (x.request.path === "/p?q" ? reply() : null) });
    expect(client.take()).toMatch(/^HTTP\/1.1 418 I'm a teapot\r\n|^HTTP\/1.1 418 \r\n/);
    client.send(get("/2"));
    await site.settled();
    host.last.send(ok("two"));
    await site.settled();
    expect(client.text).toEndWith("two");
    expect(host.peers.length).toBe(1);
    expect(site.active).toEqual([0, 0]);
  });

  test("and its length is its own", async () => {
    const head = { status: 200, reason: "", fields: Fields.of("Content-Length", "99"), contentLength: 99, upgrade: "" };
    const { client } = await sent({ onResponse: () => ({ head, body: encodeLatin1("tea") }) });
    expect(client.text).toContain("Content-Length: 3\r\n");
    expect(client.text).toEndWith("\r\n\r\ntea");
  });

  test("a status that has no body drops the upstream's", async () => {
    const { client, site } = await sent({ onResponse: (_x, h) => void Object.assign(h, { status: 204 }) });
    expect(client.text).toMatch(/^HTTP\/1.1 204 No Content\r\n/);
    expect(client.text).not.toContain("Content-Length");
    expect(client.text).toEndWith("\r\n\r\n");
    expect(site.active).toEqual([0, 0]);
  });

  test("a reply in the middle of the request's body", async () => {
    const site = await FilteredSite.of([
      {
        onRequestData: () => ({
          head: { status: 403, reason: "", fields: Fields.empty(), contentLength: 0, upgrade: "" },
          body: new Uint8Array(0),
        }),
      },
    ]);
    const host = await site.listen(9001);
    const client = await site.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
    client.send("some");
    await site.settled();
    expect(statuses(client.text)).toEqual([403]);
    expect(client.text).toContain("Connection: close");
    expect(host.last.gone).toBe(true);
    expect(site.active).toEqual([0, 0]);
  });
});

describe("what filters know", () => {
  test("ids, metadata and the request's id", async () => {
    const seen: unknown[] = [];
    const site = await FilteredSite.of(
      [
        {
          onRequest: (x) => {
            expect(x.findMetadata("a")).toBeNull();
            x.metadata("a").set("k", 1);
            const { id } = x;
            seen.push(typeof id, x.id === id, x.readRequestId() === x.request.fields.get("x-request-id"));
          },
        },
        { onDone: (x) => void seen.push(x.findMetadata("a")?.get("k"), x.listener, x.tlsVersion, x.certificate) },
      ],
      { forwarded: "requestId: set" },
    );
    const host = await site.listen(9001);
    const client = await site.client(get("/"));
    const text = host.last.take();
    expect(text.match(/X-Request-Id/gi)?.length).toBe(1);
    host.last.send(ok(""));
    await site.settled();
    expect(statuses(client.text)).toEqual([200]);
    expect(seen).toEqual(["number", true, true, 1, "web", "", null]);
  });

  test("that the client went away, while it waits", async () => {
    let done = 0;
    const site = await FilteredSite.of([{ onRequest: () => new Promise<null>(() => {}), onDone: () => void done++ }]);
    await site.listen(9001);
    const client = await site.client(get("/"));
    expect(done).toBe(0);
    client.conn!.reset();
    await site.settled();
    expect(done).toBe(1);
    expect(site.active).toEqual([0, 0]);
  });

  test("may give a request less time, and not more", async () => {
    for (const [ms, at] of [
      [200, 250],
      [5_000, 1_100],
    ] as const) {
      const site = await FilteredSite.of([{ onRequest: (x) => x.shortenTimeout(ms) }], { route: ", timeout: 1s" });
      await site.listen(9001);
      const client = await site.client(get("/"));
      await site.advance(ms === 200 ? 100 : 900);
      expect(client.text).toBe("");
      await site.advance(at);
      expect(statuses(client.text)).toEqual([504]);
    }
  });
});

test("a body that filters make longer is chunked", async () => {
  const { text } = await sent(
    {
      onRequest: (x) => forgetLength(x.request),
      onRequestData: (_x, b, _end, out) => {
        out.write(b);
        out.write(encodeLatin1("+"));
      },
    },
    post("/", "ab"),
  );
  expect(text).toContain("Transfer-Encoding: chunked");
  expect(text).toEndWith("\r\n\r\n2\r\nab\r\n1\r\n+\r\n0\r\n\r\n");
});
