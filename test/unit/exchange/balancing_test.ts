import { describe, expect, test } from "bun:test";
import { encodeLatin1, latin1 } from "../../../src/base/bytes.ts";
import type { Model } from "../../../src/config/model.ts";
import { createMemoryPlatform, type MemoryPlatform } from "../../../src/platform/memory.ts";
import type { Conn, ConnHandler } from "../../../src/platform/types.ts";
import { Server } from "../../../src/server/server.ts";
import { parseConfig } from "../../../src/source/file/load_config.ts";

const LISTEN = { kind: "tcp", host: "127.0.0.1", port: 8080 } as const;

const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

/** An origin that answers each request with its own port. */
class Origin implements ConnHandler {
  readonly #conn: Conn;
  readonly #port: number;

  constructor(conn: Conn, port: number) {
    this.#conn = conn;
    this.#port = port;
  }
  onData(b: Uint8Array): void {
    if (/\r\nupgrade: websocket/i.test(latin1(b, 0, b.length))) {
      this.#conn.write([encodeLatin1(SWITCH)]);
      return;
    }
    const ends = latin1(b, 0, b.length).split("\r\n\r\n").length - 1;
    for (let i = 0; i < ends; i++)
      this.#conn.write([encodeLatin1(`HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 4\r\n\r\n${this.#port}`)]);
  }
  onDrain(): void {}
  onEnd(): void {
    this.#conn.end();
  }
  onClose(): void {}
}

class Client implements ConnHandler {
  conn: Conn | null = null;
  text = "";
  onOpen(c: Conn): void {
    this.conn = c;
  }
  onData(b: Uint8Array): void {
    this.text += latin1(b, 0, b.length);
  }
  onDrain(): void {}
  onEnd(): void {}
  onClose(): void {}
}

interface Answer {
  readonly status: number;
  readonly cookies: readonly string[];
  /** The port of the origin. */
  readonly body: string;
}

/** A Weir before the origins 9001 to 9006, in memory. */
class Site {
  readonly #platform: MemoryPlatform;

  constructor(platform: MemoryPlatform) {
    this.#platform = platform;
  }

  static async start(routes: string, clusters: string): Promise<Site> {
    const platform = createMemoryPlatform();
    const server = new Server({ platform, log: { log: () => {} }, build: { version: "0", commit: "test" } });
    const text = `
admin: false
listeners: { web: { address: "127.0.0.1:8080" } }
routes:
${routes}
clusters:
${clusters}
`;
    const files = { read: () => Promise.reject(new Error("no file")), list: () => Promise.resolve([]) };
    const { model, problems } = await parseConfig(text, "weir.yaml", {}, files);
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    const receipt = await server.apply(model as Model);
    if (receipt.problems.length > 0) throw new Error(JSON.stringify(receipt.problems));
    for (let port = 9001; port <= 9006; port++)
      await platform.listen({ kind: "tcp", host: "127.0.0.1", port }, {}, (c) => new Origin(c, port));
    return new Site(platform);
  }

  /** A WebSocket that stays open. */
  async upgrade(...fields: string[]): Promise<Client> {
    const client = new Client();
    this.#platform.dial(LISTEN, {}, client);
    await this.#platform.settled();
    const lines = ["Host: shop.example", "Connection: Upgrade", "Upgrade: websocket", ...fields].join("\r\n");
    client.conn!.write([encodeLatin1(`GET / HTTP/1.1\r\n${lines}\r\n\r\n`)]);
    await this.#platform.settled();
    return client;
  }

  advance(ms: number): Promise<void> {
    return this.#platform.advance(ms);
  }

  /** One request a connection. */
  async get(path: string, ...fields: string[]): Promise<Answer> {
    const client = new Client();
    this.#platform.dial(LISTEN, {}, client);
    await this.#platform.settled();
    const lines = ["Host: shop.example", "Connection: close", ...fields].join("\r\n");
    client.conn!.write([encodeLatin1(`GET ${path} HTTP/1.1\r\n${lines}\r\n\r\n`)]);
    await this.#platform.settled();
    const [head, body] = client.text.split("\r\n\r\n") as [string, string];
    const cookies = head.split("\r\n").flatMap((l) => (/^set-cookie: /i.test(l) ? [l.slice(12)] : []));
    return { status: Number(head.slice(9, 12)), cookies, body };
  }
}

const FOUR = ["127.0.0.1:9001", "127.0.0.1:9002", "127.0.0.1:9003", "127.0.0.1:9004"];
const list = (of: readonly string[]): string => `[${of.map((e) => `"${e}"`).join(", ")}]`;

/** `name=value` of a Set-Cookie. */
function pairOf(cookie: string): string {
  return cookie.slice(0, cookie.indexOf(";"));
}

describe("consistent policies", () => {
  for (const policy of ["ringHash", "maglev"]) {
    test(`${policy} by header: a user has one host, users have several`, async () => {
      const site = await Site.start(
        "  - { name: all, to: four }",
        `  four: { endpoints: ${list(FOUR)}, balance: { ${policy}: { on: { header: x-user } } } }`,
      );
      const hosts = new Set<string>();
      for (let user = 0; user < 30; user++) {
        const { body } = await site.get("/", `X-User: user-${user}`);
        hosts.add(body);
        for (let n = 0; n < 3; n++) expect((await site.get(`/${n}`, `X-User: user-${user}`)).body).toBe(body);
      }
      expect(hosts.size).toBe(4);
    });

    test(`${policy} by a cookie that is minted: the first reply says which, the next requests go there`, async () => {
      const site = await Site.start(
        "  - { name: all, to: four }",
        `  four: { endpoints: ${list(FOUR)}, balance: { ${policy}: { on: { cookie: { name: sid, ttl: 1h, sameSite: lax } } } } }`,
      );
      const hosts = new Set<string>();
      for (let user = 0; user < 30; user++) {
        const first = await site.get("/");
        hosts.add(first.body);
        const [cookie] = first.cookies as [string];
        expect(cookie).toMatch(/^sid=[0-9a-f-]{36}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/);
        const next = await site.get("/", `Cookie: ${pairOf(cookie)}`);
        expect(next).toEqual({ status: 200, cookies: [], body: first.body });
      }
      expect(hosts.size).toBe(4);
    });
  }

  test("a route's own keys go before the policy's", async () => {
    const site = await Site.start(
      "  - { name: all, to: four, hash: { query: user } }",
      `  four: { endpoints: ${list(FOUR)}, balance: { maglev: { on: path } } }`,
    );
    for (let user = 0; user < 10; user++) {
      const { body } = await site.get(`/a?user=${user}`);
      for (const path of ["b", "c", "d"]) expect((await site.get(`/${path}?user=${user}`)).body).toBe(body);
    }
  });

  test("keys are of the request as the client sent it, not as it goes on", async () => {
    const site = await Site.start(
      `  - { name: all, to: four, rewrite: { path: "/same" }, requestHeaders: { set: { x-user: same } } }`,
      `  four: { endpoints: ${list(FOUR)}, balance: { maglev: { on: [path, { header: x-user }] } } }`,
    );
    const hosts = new Set<string>();
    for (let n = 0; n < 30; n++) hosts.add((await site.get(`/${n}`, `X-User: ${n}`)).body);
    expect(hosts.size).toBe(4);
  });
});

describe("sticky shares", () => {
  const clusters = `  v1: { endpoints: ["127.0.0.1:9001"] }\n  v2: { endpoints: ["127.0.0.1:9002"] }`;

  test("by header: a user stays on a side, and sides have their shares of users", async () => {
    const site = await Site.start(
      "  - { name: all, to: [{ cluster: v1, weight: 70 }, { cluster: v2, weight: 30 }], sticky: { header: x-user } }",
      clusters,
    );
    let second = 0;
    for (let user = 0; user < 300; user++) {
      const { body } = await site.get("/", `X-User: user-${user}`);
      if (body === "9002") second++;
      expect((await site.get("/", `X-User: user-${user}`)).body).toBe(body);
    }
    // 90 within five standard deviations.
    expect(Math.abs(second - 90)).toBeLessThan(5 * Math.sqrt(300 * 0.3 * 0.7));
  });

  test("by a cookie: it is minted, and holds", async () => {
    const site = await Site.start(
      "  - { name: all, to: [{ cluster: v1, weight: 50 }, { cluster: v2, weight: 50 }], sticky: { cookie: canary } }",
      clusters,
    );
    const sides = new Set<string>();
    for (let user = 0; user < 20; user++) {
      const first = await site.get("/");
      sides.add(first.body);
      const [cookie] = first.cookies as [string];
      expect(cookie).toMatch(/^canary=[0-9a-f-]{36}; Path=\/; HttpOnly$/);
      for (let n = 0; n < 3; n++) expect((await site.get("/", `Cookie: ${pairOf(cookie)}`)).body).toBe(first.body);
    }
    expect(sides.size).toBe(2);
  });

  test("who has no key goes by turns, in exact shares", async () => {
    const site = await Site.start(
      "  - { name: all, to: [{ cluster: v1, weight: 3 }, { cluster: v2, weight: 1 }], sticky: { header: x-user } }",
      clusters,
    );
    let second = 0;
    for (let n = 0; n < 40; n++) if ((await site.get("/")).body === "9002") second++;
    expect(second).toBe(10);
  });

  test("a share and a host by the same key are two choices: all hosts of a small share have users", async () => {
    const site = await Site.start(
      "  - { name: all, to: [{ cluster: v1, weight: 90 }, { cluster: many, weight: 10 }], sticky: { header: x-user } }",
      `  v1: { endpoints: ["127.0.0.1:9005"] }\n  many: { endpoints: ${list(FOUR)}, balance: { maglev: { on: { header: x-user } } } }`,
    );
    const hosts = new Set<string>();
    for (let user = 0; user < 400; user++) hosts.add((await site.get("/", `X-User: user-${user}`)).body);
    expect([...hosts].sort()).toEqual(["9001", "9002", "9003", "9004", "9005"]);
  });

  test("a share and a host by the same minted cookie: it is one", async () => {
    const site = await Site.start(
      "  - { name: all, to: [{ cluster: v1, weight: 1 }, { cluster: many, weight: 1 }], sticky: { cookie: sid } }",
      `  v1: { endpoints: ${list(FOUR)}, balance: { maglev: { on: { cookie: { name: sid, mint: true } } } } }\n` +
        `  many: { endpoints: ["127.0.0.1:9005", "127.0.0.1:9006"], balance: { ringHash: { on: { cookie: { name: sid, mint: true } } } } }`,
    );
    for (let user = 0; user < 10; user++) {
      const first = await site.get("/");
      expect(first.cookies.length).toBe(1);
      expect((await site.get("/", `Cookie: ${pairOf(first.cookies[0]!)}`)).body).toBe(first.body);
    }
  });

  test("a reply of Weir's own sets no cookie", async () => {
    const site = await Site.start(
      "  - { name: all, to: [{ cluster: gone, weight: 1 }, { cluster: away, weight: 1 }], sticky: { cookie: canary } }",
      `  gone: { endpoints: ["127.0.0.1:7001"] }\n  away: { endpoints: ["127.0.0.1:7002"] }`,
    );
    expect(await site.get("/")).toMatchObject({ status: 503, cookies: [] });
  });
});

describe("subsets", () => {
  test("a share is a subset of a cluster, by metadata", async () => {
    const endpoints = ["9001", "9002", "9003"].map(
      (p, i) => `{ address: "127.0.0.1:${p}", metadata: { version: "${i < 2 ? 1 : 2}" } }`,
    );
    const site = await Site.start(
      `  - { name: one, match: [{ path: /one }], to: { cluster: all, subset: { version: "1" } } }
  - { name: two, match: [{ path: /two }], to: { cluster: all, subset: { version: "2" } } }
  - { name: three, match: [{ path: /three }], to: { cluster: all, subset: { version: "3" } } }
  - { name: any, to: all }`,
      `  all: { endpoints: [${endpoints.join(", ")}], subsets: [version] }`,
    );
    const seen = async (path: string): Promise<string[]> => {
      const bodies = new Set<string>();
      for (let n = 0; n < 12; n++) bodies.add((await site.get(path)).body);
      return [...bodies].sort();
    };
    expect(await seen("/one")).toEqual(["9001", "9002"]);
    expect(await seen("/two")).toEqual(["9003"]);
    expect(await seen("/any")).toEqual(["9001", "9002", "9003"]);
    expect((await site.get("/three")).status).toBe(503);
  });
});

describe("WebSockets", () => {
  test("are streams of their host while they last: leastRequest keeps clear of it", async () => {
    const site = await Site.start(
      "  - { name: all, to: two }",
      `  two: { endpoints: ["127.0.0.1:9001", "127.0.0.1:9002"], balance: leastRequest }`,
    );
    const socket = await site.upgrade();
    expect(socket.text).toStartWith("HTTP/1.1 101");
    const seen = async (): Promise<number> => {
      const bodies = new Set<string>();
      for (let n = 0; n < 30; n++) bodies.add((await site.get("/")).body);
      return bodies.size;
    };
    expect(await seen()).toBe(1);
    socket.conn!.destroy(null);
    await site.advance(1);
    expect(await seen()).toBe(2);
  });

  test("get a cookie with their 101", async () => {
    const site = await Site.start(
      "  - { name: all, to: four }",
      `  four: { endpoints: ${list(FOUR)}, balance: { maglev: { on: { cookie: { name: sid, mint: true } } } } }`,
    );
    expect((await site.upgrade()).text).toMatch(/^HTTP\/1\.1 101 .*\r\nset-cookie: sid=/is);
    expect((await site.upgrade("Cookie: sid=1")).text).not.toMatch(/set-cookie/i);
  });
});
