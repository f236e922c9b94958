import { describe, expect, test } from "bun:test";
import { encodeLatin1, latin1 } from "../../../src/base/bytes.ts";
import type { Model } from "../../../src/config/model.ts";
import { createMemoryPlatform, type MemoryPlatform } from "../../../src/platform/memory.ts";
import type { Conn } from "../../../src/platform/types.ts";
import { Server } from "../../../src/server/server.ts";
import { parseConfig } from "../../../src/source/file/load_config.ts";

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

  constructor(platform: MemoryPlatform) {
    const closed = (): void => {
      this.ended = true;
    };
    platform.dial(
      { kind: "tcp", host: "127.0.0.1", port: PORT },
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
