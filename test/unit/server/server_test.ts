import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeLatin1, latin1 } from "../../../src/base/bytes.ts";
import type { Model } from "../../../src/config/model.ts";
import { createMemoryPlatform, type MemoryPlatform } from "../../../src/platform/memory.ts";
import type { Conn } from "../../../src/platform/types.ts";
import { Server } from "../../../src/server/server.ts";
import { parseConfig } from "../../../src/source/file/load_config.ts";
import type { Counter } from "../../../src/telemetry/numbers.ts";

const PORT = 8080;
const CONFIG = `
admin: false
listeners: { web: { address: "127.0.0.1:${PORT}", timeouts: { head: 10s, idle: 60s } } }
routes: [{ name: own, match: [{ path: /own }], respond: { status: 200, body: "own\\n" } }]
`;

async function modelOf(text: string): Promise<Model> {
  const files = { read: () => Promise.reject(new Error("no file")), list: () => Promise.resolve([]) };
  const { model, problems } = await parseConfig(text, "weir.yaml", {}, files);
  expect(problems).toEqual([]);
  return model!;
}

async function startServer(text: string): Promise<{ platform: MemoryPlatform; server: Server }> {
  const platform = createMemoryPlatform();
  const server = new Server({ platform, log: { log: () => {} }, build: { version: "0", commit: "test" } });
  expect((await server.apply(await modelOf(text))).problems).toEqual([]);
  return { platform, server };
}

/** A client whose received text and end can be looked at. */
class Client {
  text = "";
  ended = false;
  conn: Conn | null = null;

  constructor(platform: MemoryPlatform, port = PORT) {
    const closed = (): void => {
      this.ended = true;
    };
    platform.dial(
      { kind: "tcp", host: "127.0.0.1", port },
      {},
      {
        onOpen: (c) => {
          this.conn = c;
        },
        onData: (b) => {
          this.text += latin1(b, 0, b.length);
        },
        onDrain: () => {},
        onEnd: closed,
        onClose: closed,
      },
    );
  }

  send(text: string): void {
    this.conn!.write([encodeLatin1(text)]);
  }
}

const GET = "GET /own HTTP/1.1\r\nHost: a\r\n\r\n";

describe("a connection's first head", () => {
  test("has its whole time, however long nothing had happened before", async () => {
    const { platform, server } = await startServer(CONFIG);
    await platform.advance(60_000);
    const client = new Client(platform);
    await platform.settled();
    await platform.advance(9_000);
    expect(client.ended).toBe(false);
    client.send(GET);
    await platform.settled();
    expect(client.text).toStartWith("HTTP/1.1 200 OK\r\n");
    await server.stop();
  });

  test("and no more than that", async () => {
    const { platform, server } = await startServer(CONFIG);
    const client = new Client(platform);
    await platform.settled();
    await platform.advance(10_100);
    expect(client.ended).toBe(true);
    await server.stop();
  });

  test("a kept connection has the idle time between requests", async () => {
    const { platform, server } = await startServer(CONFIG);
    const client = new Client(platform);
    await platform.settled();
    client.send(GET);
    await platform.settled();
    await platform.advance(59_000);
    expect(client.ended).toBe(false);
    await platform.advance(1_100);
    expect(client.ended).toBe(true);
    await server.stop();
  });
});

describe("a refused config", () => {
  test("leaves the listener in its place whose socket had to make room", async () => {
    const { platform, server } = await startServer(CONFIG);
    const taken = await platform.listen({ kind: "tcp", host: "127.0.0.1", port: 9090 }, {}, () => NOBODY);
    const changed = CONFIG.replace("timeouts:", "keepalive: 7s, timeouts:").replace(
      "} }\n",
      '}, more: { address: "127.0.0.1:9090" } }\n',
    );
    expect((await server.apply(await modelOf(changed))).problems.length).toBe(1);
    const client = new Client(platform);
    await platform.settled();
    client.send(GET);
    await platform.settled();
    expect(client.text).toStartWith("HTTP/1.1 200 OK\r\n");
    await taken.close();
    await server.stop();
  });
});

describe("addresses that listeners take from each other in one config", () => {
  const listener = (name: string, at: string, more = ""): string => `  ${name}: { address: "${at}"${more} }\n`;
  const says = (name: string): string =>
    `  - { name: say-${name}, listeners: ${name}, respond: { status: 200, body: "by ${name}\\n" } }\n`;
  const A = "127.0.0.1:8080";
  const B = "127.0.0.1:8081";

  /** Listeners by name, each of which answers with its name. */
  function config(listeners: Readonly<Record<string, string>>, more = ""): string {
    const names = Object.keys(listeners);
    const bound = names.map((name) => listener(name, listeners[name]!, more)).join("");
    return `admin: false\nlisteners:\n${bound}routes:\n${names.map(says).join("")}`;
  }

  async function asks(platform: MemoryPlatform, client: Client): Promise<string> {
    await platform.settled();
    client.text = "";
    client.send(GET);
    await platform.settled();
    return client.text.split("\r\n\r\n")[1] ?? "";
  }

  /** Before, after, and who answers then at which port. */
  const rows: readonly (readonly [string, Record<string, string>, Record<string, string>, Record<number, string>])[] = [
    ["a renamed listener", { old: A }, { fresh: A }, { 8080: "fresh" }],
    ["two that swap addresses", { one: A, two: B }, { one: B, two: A }, { 8080: "two", 8081: "one" }],
    [
      "three in a ring",
      { x: A, y: B, z: "127.0.0.1:8082" },
      { x: B, y: "127.0.0.1:8082", z: A },
      { 8080: "z", 8081: "x", 8082: "y" },
    ],
    ["one that moves to where another was", { one: A, two: B }, { one: B }, { 8081: "one" }],
    ["one renamed and a new one of the old name", { web: A }, { edge: A, web: B }, { 8080: "edge", 8081: "web" }],
  ];
  for (const [what, before, after, answers] of rows) {
    test(`${what}: sockets and connections stay`, async () => {
      const { platform, server } = await startServer(config(before));
      const ports = Object.keys(answers).map(Number);
      const clients = ports.map((port) => new Client(platform, port));
      const stand = ports.map((port) => Object.values(before).some((at) => at.endsWith(`:${port}`)));
      await platform.settled();
      expect((await server.apply(await modelOf(config(after)))).problems).toEqual([]);
      for (const [i, port] of ports.entries()) {
        expect(await asks(platform, new Client(platform, port))).toBe(`by ${answers[port]}\n`);
        if (stand[i]) expect(await asks(platform, clients[i]!)).toBe(`by ${answers[port]}\n`);
        expect(clients[i]!.ended).toBe(!stand[i]);
      }
      const active = [...server.metrics.numbers.families.get("weir_listener_connections_active")!.rows.values()];
      const counts = active.map((r) => [r.labels["listener"], (r.metric as Counter).value]);
      expect(Object.fromEntries(counts)).toEqual(Object.fromEntries(ports.map((port, i) => [answers[port]!, stand[i] ? 2 : 1])));
      await server.stop();
      expect(active.map((r) => (r.metric as Counter).value)).toEqual(ports.map(() => 0));
    });
  }

  const moves: readonly (readonly [string, string, string])[] = [
    ["with other socket settings and another name", config({ old: A }), config({ fresh: A }, ", keepalive: 7s")],
    ["from every address to one of them", config({ web: ":8080" }), config({ web: A })],
    ["from one address to all of them", config({ web: A }), config({ web: ":8080" })],
  ];
  for (const [what, before, after] of moves) {
    test(`a socket makes room for one ${what}`, async () => {
      const { platform, server } = await startServer(before);
      expect((await server.apply(await modelOf(after))).problems).toEqual([]);
      expect(await asks(platform, new Client(platform))).toStartWith("by ");
      await server.stop();
    });
  }

  test("a refused config leaves all of them where they were", async () => {
    const { platform, server } = await startServer(config({ one: A, two: B }));
    const taken = await platform.listen({ kind: "tcp", host: "127.0.0.1", port: 9090 }, {}, () => NOBODY);
    const after = config({ one: B, two: A, more: "127.0.0.1:9090" });
    for (const text of [after, after.replace('"127.0.0.1:8080"', '"127.0.0.1:8080", keepalive: 7s')])
      expect((await server.apply(await modelOf(text))).problems.map((p) => p.path)).toEqual(["listeners.more.address"]);
    expect(await asks(platform, new Client(platform, 8080))).toBe("by one\n");
    expect(await asks(platform, new Client(platform, 8081))).toBe("by two\n");
    await taken.close();
    await server.stop();
  });
});

describe("CONNECT", () => {
  test("gets no 2xx from a route that makes no tunnel", async () => {
    const { platform, server } = await startServer(CONFIG.replace("match: [{ path: /own }], ", ""));
    const client = new Client(platform);
    await platform.settled();
    client.send("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n");
    await platform.settled();
    expect(client.text).toStartWith("HTTP/1.1 405 ");
    await server.stop();
  });
});

const NOBODY = { onData: () => {}, onDrain: () => {}, onEnd: () => {}, onClose: () => {} };

test("a request that comes before the first config is committed is in the access log", async () => {
  const dir = mkdtempSync(join(tmpdir(), "weir-server-"));
  const path = join(dir, "access.log");
  const platform = createMemoryPlatform();
  const server = new Server({ platform, log: { log: () => {} }, build: { version: "0", commit: "test" } });
  const logged = `${CONFIG}accessLog: { to: { file: ${path} }, format: "{path}" }\n`;
  try {
    const refused = await server.prepare(await modelOf(logged));
    if (!("undo" in refused)) throw new Error("refused");
    await refused.undo();
    const prepared = await server.prepare(await modelOf(logged));
    if (!("commit" in prepared)) throw new Error("refused");
    const client = new Client(platform);
    await platform.settled();
    client.send(GET);
    await platform.settled();
    expect(client.text).toStartWith("HTTP/1.1 200 OK\r\n");
    prepared.commit();
    await server.stop();
    expect(readFileSync(path, "utf8")).toBe("/own\n");
  } finally {
    rmSync(dir, { recursive: true });
  }
});
