import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { turn, until } from "../support/deadline.ts";
import { type Listeners, startListeners } from "../support/listeners.ts";
import { residentBytes } from "../support/process_tree.ts";
import { get, openClient } from "../support/raw_client.ts";
import { type RawOrigin, startOrigin } from "../support/raw_origin.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { type LogLine, textOf } from "../support/weir.ts";

setDefaultTimeout(30_000);

let w: Listeners;
/** Says nothing by itself. */
let other: RawOrigin;

beforeAll(async () => {
  other = await startOrigin({});
  w = await startListeners(
    {
      db: { protocol: "tcp", to: "origin" },
      short: { protocol: "tcp", to: "origin", timeouts: { idle: "300ms" } },
      dead: { protocol: "tcp", to: "dead" },
      some: { protocol: "tcp", to: "some" },
      shares: { protocol: "tcp", to: [{ cluster: "origin", weight: 3 }, "other"] },
      capped: { protocol: "tcp", to: "origin", maxConnections: 1 },
      rated: { protocol: "tcp", to: "origin", connectionRate: { perSecond: 1, burst: 2 } },
      denied: { protocol: "tcp", to: "origin", deny: ["loopback"] },
      allowed: { protocol: "tcp", to: "origin", allow: ["127.0.0.0/8"], deny: ["10.0.0.0/8"] },
      web: {},
    },
    {
      origin: {},
      routes: [{ name: "hello", respond: { body: "hello" } }],
      clusters: {
        dead: { endpoints: ["127.0.0.1:1"] },
        some: { endpoints: ["127.0.0.1:1", "127.0.0.1:2", `127.0.0.1:${other.port}`] },
        other: { endpoints: [`127.0.0.1:${other.port}`] },
      },
    },
  );
});
afterAll(async () => {
  await w[Symbol.asyncDispose]();
  await other.close();
});

/** Both ends of a new session. */
async function open(listener: string, origin: RawOrigin = w.site.origin): Promise<{ client: RawPeer; up: RawPeer }> {
  const client = await openClient(w.port[listener]!);
  return { client, up: await origin.connection() };
}

/** The last line of the access log for a listener, once there are `n` more than `before`. */
async function logged(listener: string, before: number): Promise<LogLine> {
  const lines = (): LogLine[] => w.site.log().filter((l) => l["listener"] === listener);
  await until(`a line of ${listener}`, () => lines().length > before);
  return lines().at(-1)!;
}

function linesOf(listener: string): number {
  return w.site.log().filter((l) => l["listener"] === listener).length;
}

describe("a session", () => {
  test("passes bytes both ways as they come, and is logged when it ends", async () => {
    const before = linesOf("db");
    const { client, up } = await open("db");
    await up.send("220 ready\r\n");
    expect(await client.readUntil("\n")).toBe("220 ready\r\n");
    const bytes = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join("");
    await client.send(bytes);
    expect(await up.readUntil("\xff")).toBe(bytes);
    client.end();
    expect(await up.left()).toBe("end");
    up.end();
    expect(await client.left()).toBe("end");
    expect(await logged("db", before)).toMatchObject({
      protocol: "TCP",
      status: 0,
      request_body_bytes: 256,
      response_body_bytes: 11,
      cluster: "origin",
      endpoint: `127.0.0.1:${w.site.origin.port}`,
      attempts: 1,
      flags: "",
    });
  });

  for (const first of ["client", "origin"] as const)
    test(`keeps the way to the ${first} open after its FIN`, async () => {
      const { client, up } = await open("db");
      const [one, two] = first === "client" ? [client, up] : [up, client];
      await one.send("question");
      one.end();
      expect(await two.left()).toBe("end");
      expect(two.received).toBe("question");
      await turn(20);
      const answer = "answer".repeat(10_000);
      await two.send(answer);
      two.end();
      expect(await one.left()).toBe("end");
      expect(one.received).toBe(answer);
    });

  for (const who of ["client", "origin"] as const)
    test(`passes the reset of the ${who}`, async () => {
      const before = linesOf("db");
      const { client, up } = await open("db");
      await client.send("x");
      await up.readUntil("x");
      const [one, two] = who === "client" ? [client, up] : [up, client];
      one.reset();
      expect(await two.left()).toBe("reset");
      expect((await logged("db", before))["flags"]).toBe(who === "client" ? "DR" : "UR");
    });

  test("holds back who sends to one that does not read, in bounded memory", async () => {
    for (const who of ["client", "origin"] as const) {
      const { client, up } = await open("db");
      const [writer, reader] = who === "client" ? [client, up] : [up, client];
      reader.countOnly = true;
      reader.socket.pause();
      const before = residentBytes(w.site.weir.pid);
      const piece = new Uint8Array(1024 * 1024);
      const pieces = 256;
      const sent = (async () => {
        for (let i = 0; i < pieces; i++) await new Promise<void>((taken) => writer.socket.write(piece, () => taken()));
      })();
      let last = -1;
      // It stands when a second brings no more into the kernel.
      while (last !== writer.socket.bytesWritten - writer.socket.writableLength) {
        last = writer.socket.bytesWritten - writer.socket.writableLength;
        await turn(300);
      }
      expect(last).toBeLessThan(64 * 1024 * 1024);
      expect(residentBytes(w.site.weir.pid) - before).toBeLessThan(48 * 1024 * 1024);
      reader.socket.resume();
      await sent;
      await until("all bytes", () => reader.receivedBytes === pieces * piece.length, 20_000);
      client.destroy();
      await up.left();
    }
  });

  test("is closed when nothing moves for its time", async () => {
    const before = linesOf("short");
    const { client, up } = await open("short");
    for (let i = 0; i < 4; i++) {
      await turn(150);
      await client.send("x");
      await up.when("the byte", 5000, () => up.receivedBytes > i);
    }
    expect([await client.left(), await up.left()]).toEqual(["end", "end"]);
    expect((await logged("short", before))["flags"]).toBe("SI");
  });
});

describe("a host that can't be reached", () => {
  test("is the end of it when there is no other", async () => {
    const before = linesOf("dead");
    // The RST may be there before the client has noticed that it was connected.
    const ending = await openClient(w.port["dead"]!).then(
      (client) => client.left(),
      (e: NodeJS.ErrnoException) => e.code,
    );
    expect(["reset", "ECONNRESET"]).toContain(ending!);
    expect(await logged("dead", before)).toMatchObject({ flags: "UF", endpoint: "127.0.0.1:1", attempts: 1 });
    expect(await w.site.weir.metric("weir_cluster_connect_failures_total", { cluster: "dead" })).toBeGreaterThan(0);
  });

  test("gives way to one that can", async () => {
    for (let i = 0; i < 3; i++) {
      const { client, up } = await open("some", other);
      await client.send(`${i}!`);
      expect(await up.readUntil("!")).toBe(`${i}!`);
      client.destroy();
    }
  });
});

test("weights share sessions exactly", async () => {
  const before = [w.site.origin.connections.length, other.connections.length];
  for (let i = 0; i < 20; i++) (await openClient(w.port["shares"]!)).end();
  const now = (): number[] => [w.site.origin.connections.length - before[0]!, other.connections.length - before[1]!];
  await until("all sessions", () => now()[0]! + now()[1]! === 20);
  expect(now()).toEqual([15, 5]);
  // The scripts of other tests take connections in order.
  while ((await w.site.origin.connection()) !== w.site.origin.connections.at(-1));
  while ((await other.connection()) !== other.connections.at(-1));
});

describe("who is not let in", () => {
  test("is closed at once, by source", async () => {
    const client = await openClient(w.port["denied"]!);
    expect(await client.left()).not.toBe("open");
    expect(await w.site.weir.metric("weir_listener_refused_connections_total", { listener: "denied", reason: "source" })).toBe(1);
    const { client: in_, up } = await open("allowed");
    await in_.send("x");
    await up.readUntil("x");
    in_.destroy();
  });

  test("by the listener's cap and rate", async () => {
    const { client } = await open("capped");
    expect(await (await openClient(w.port["capped"]!)).left()).not.toBe("open");
    client.destroy();
    await open("rated");
    await open("rated");
    expect(await (await openClient(w.port["rated"]!)).left()).not.toBe("open");
    const refused = "weir_listener_refused_connections_total";
    expect(await w.site.weir.metric(refused, { listener: "capped", reason: "listenerLimit" })).toBe(1);
    expect(await w.site.weir.metric(refused, { listener: "rated", reason: "connectionRate" })).toBe(1);
  });
});

test("metrics tell sessions and bytes as they come", async () => {
  const { weir } = w.site;
  const of = { listener: "db" };
  const active = await weir.metric("weir_listener_sessions_active", of);
  const bytes = await weir.metric("weir_listener_received_bytes_total", of);
  const { client, up } = await open("db");
  await client.send("12345");
  await up.readUntil("5");
  expect(await weir.metric("weir_listener_sessions_active", of)).toBe(active + 1);
  expect(await weir.metric("weir_listener_received_bytes_total", of)).toBe(bytes + 5);
  expect(await weir.metric("weir_cluster_sessions_active", { cluster: "origin" })).toBeGreaterThan(0);
  client.destroy();
  up.destroy();
  await until("the session's end", async () => (await weir.metric("weir_listener_sessions_active", of)) === active);
});

describe("a reload", () => {
  test("leaves a session alone: of its listener, of its cluster, of others", async () => {
    const { weir, config } = w.site;
    const { client, up } = await open("db");
    await client.send("a");
    await up.readUntil("a");
    const listeners = w.listeners;
    const steps: Record<string, unknown>[] = [
      { ...config, routes: [{ name: "hi", respond: { body: "hi" } }] },
      { ...config, listeners: { ...listeners, db: { ...listeners["db"], timeouts: { idle: "200ms" }, maxConnections: 5 } } },
      { ...config, listeners: { ...listeners, db: { ...listeners["db"], to: "other" } }, routes: [{ name: "o", to: "other" }] },
      { ...config, listeners: { web: listeners["web"] } },
      config,
    ];
    for (const [i, step] of steps.entries()) {
      weir.rewrite(step);
      expect((await weir.control("reload")).code).toBe(0);
      await turn(250);
      await client.send(`${i};`);
      expect(await up.readUntil(";")).toBe(`${i};`);
      await up.send(`${i}.`);
      expect(await client.readUntil(".")).toBe(`${i}.`);
    }
    expect((await get(w.port["web"]!, "/")).body).toBe("hello");
    client.destroy();
    writeFileSync(weir.configPath, textOf(config));
  });
});

describe("a drain", () => {
  test("waits for sessions up to their limit, and cuts them there", async () => {
    await using d = await startListeners(
      { db: { protocol: "tcp", to: "origin" } },
      { origin: {}, top: { drain: { delay: "0s", limit: "100ms", tunnels: "800ms" } } },
    );
    const [one, two] = [await openClient(d.port["db"]!), await openClient(d.port["db"]!)];
    const ups = [await d.site.origin.connection(), await d.site.origin.connection()];
    for (const c of [one, two]) await c.send("x");
    for (const u of ups) await u.readUntil("x");
    d.site.weir.signal("SIGTERM");
    await until("readyz to say 503", async () => (await d.site.weir.admin("/readyz")).status === 503);
    await turn(150);
    await one.send("after the limit of requests");
    await until("the bytes", () => ups.some((u) => u.received.endsWith("requests")));
    one.end();
    for (const u of ups) if (u.received.endsWith("requests")) u.end();
    expect(await one.left()).toBe("end");
    expect(await two.left()).not.toBe("open");
    expect((await d.site.weir.ended()).code).toBe(0);
    expect(d.site.log().map((l) => l["flags"])).toEqual(["", "DN"]);
  });
});
