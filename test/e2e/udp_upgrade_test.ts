import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { UdpClient, UdpOrigin } from "../support/datagrams.ts";
import { turn, until } from "../support/deadline.ts";
import { type Listeners, startListeners } from "../support/listeners.ts";

setDefaultTimeout(60_000);

const UPGRADED = { code: 0, stderr: "" };
const FLOWS = 8;
const PACE_MS = 10;
const LAST_MS = 3_000;
const ROUNDS = 10;
const opened: { [Symbol.asyncDispose](): PromiseLike<void> }[] = [];
afterEach(async () => {
  for (const o of opened.splice(0)) await o[Symbol.asyncDispose]();
});

async function origins(n: number): Promise<UdpOrigin[]> {
  const all = await Promise.all(Array.from({ length: n }, (_, i) => UdpOrigin.echo(`${i}:`)));
  opened.push(...all.map((o) => ({ [Symbol.asyncDispose]: () => o.close() })));
  return all;
}

async function site(
  args: readonly string[],
  address: string | null,
  all: readonly UdpOrigin[],
  idle = "20s",
): Promise<Listeners> {
  const udp = { protocol: "udp", to: "echo", timeouts: { idle } };
  const l = await startListeners(
    { udp, web: {} },
    {
      args,
      routes: [{ name: "hello", respond: { body: "hello" } }],
      clusters: { echo: { endpoints: all.map((o) => `127.0.0.1:${o.port}`) } },
      top: { drain: { limit: "120s", tunnels: "120s" }, workers: { orphanLimit: "5s" } },
    },
  );
  opened.push(l);
  if (address === null) return l;
  const listeners = { ...l.listeners, udp: { ...udp, address: `${address}:${l.port["udp"]}` } };
  l.site.weir.rewrite({ ...l.site.config, listeners });
  expect((await l.site.weir.control("reload")).code).toBe(0);
  return l;
}

async function pidOf(l: Listeners): Promise<number> {
  return (JSON.parse((await l.site.weir.admin("/status")).body) as { pid: number }).pid;
}

/** Clients that send a numbered datagram each every few milliseconds, answered or not, until they are stopped. */
class Senders {
  readonly clients: readonly UdpClient[];
  #sent = 0;
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(clients: readonly UdpClient[]) {
    this.clients = clients;
    this.#done = this.#run();
  }

  get sent(): number {
    return this.#sent;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      for (const c of this.clients) c.send(String(this.#sent));
      this.#sent++;
      await turn(PACE_MS);
    }
  }

  /** Of each client what came back, when all has. */
  async stop(): Promise<string[][]> {
    this.#stopped = true;
    await this.#done;
    const complete = (): boolean => this.clients.every((c) => c.answers.length >= this.#sent);
    // What is missing then shows in what is returned.
    await until("all answers", complete, LAST_MS).catch(() => {});
    return this.clients.map((c) => c.texts);
  }
}

/** What a client gets that loses nothing and keeps its endpoint. */
function unbroken(texts: readonly string[], sent: number): string[] {
  const name = texts[0]!.slice(0, texts[0]!.indexOf(":") + 1);
  return Array.from({ length: sent }, (_, i) => name + i);
}

for (const [what, args, address] of [
  ["one process", [], null],
  ["one process that listens on every address", [], ""],
  ["three workers", ["--workers", "3"], null],
] as const) {
  describe(`an upgrade of ${what}`, () => {
    test("loses no datagram of a flow and moves none to another endpoint, and new clients go to the new process", async () => {
      const all = await origins(4);
      const l = await site(args, address, all);
      const open = (): Promise<UdpClient> => UdpClient.open(l.port["udp"]!);
      const senders = new Senders(await Promise.all(Array.from({ length: FLOWS }, open)));
      const first = await pidOf(l);
      for (let upgrades = 0; upgrades < 3; upgrades++) {
        const before = senders.sent;
        await until("datagrams", () => senders.sent > before + 50);
        expect(await l.site.weir.control("upgrade")).toMatchObject(UPGRADED);
        using fresh = await open();
        expect(await fresh.ask("new")).toMatch(/^\d:new$/);
      }
      expect(await pidOf(l)).not.toBe(first);
      const before = senders.sent;
      await until("datagrams", () => senders.sent > before + 50);
      // The first process still has its flows, and only those.
      expect(l.site.weir.exit).toBeNull();
      const texts = await senders.stop();
      for (const t of texts) expect(t).toEqual(unbroken(t, senders.sent));
      expect(all.reduce((n, o) => n + o.asked.length, 0)).toBe(FLOWS * senders.sent + 3);
      for (const c of senders.clients) c[Symbol.dispose]();
    });

    test("under a flood of new clients answers all of them", async () => {
      const all = await origins(2);
      const l = await site(args, address, all);
      let stop = false;
      let asked = 0;
      const clients = Array.from({ length: 4 }, async () => {
        while (!stop) {
          using c = await UdpClient.open(l.port["udp"]!);
          await c.ask("x");
          asked++;
        }
      });
      for (let upgrades = 0; upgrades < 2; upgrades++) {
        const before = asked;
        await until("clients", () => asked > before + 100);
        expect(await l.site.weir.control("upgrade")).toMatchObject(UPGRADED);
      }
      const before = asked;
      await until("clients", () => asked > before + 100);
      stop = true;
      await Promise.all(clients);
    });
  });
}

test("the old process ends with its last session, and its clients go on with the new one", async () => {
  const all = await origins(2);
  const l = await site([], null, all, "500ms");
  using c = await UdpClient.open(l.port["udp"]!);
  await c.ask("a");
  expect(await l.site.weir.control("upgrade")).toMatchObject(UPGRADED);
  await l.site.weir.left;
  expect(await c.ask("b")).toMatch(/^\d:b$/);
});

test("an upgrade that fails changes nothing for anybody", async () => {
  const all = await origins(2);
  const l = await site([], null, all);
  const senders = new Senders(await Promise.all(Array.from({ length: 4 }, () => UdpClient.open(l.port["udp"]!))));
  await until("datagrams", () => senders.sent > 20);
  l.site.weir.rewrite({ ...l.site.config, clusters: {} });
  expect((await l.site.weir.control("upgrade")).code).not.toBe(0);
  const before = senders.sent;
  await until("datagrams", () => senders.sent > before + 50);
  for (const t of await senders.stop()) expect(t).toEqual(unbroken(t, senders.sent));
  for (const c of senders.clients) c[Symbol.dispose]();
});

test("over reloads that concern something else no flow loses anything", async () => {
  const all = await origins(2);
  const l = await site([], null, all);
  const senders = new Senders(await Promise.all(Array.from({ length: FLOWS }, () => UdpClient.open(l.port["udp"]!))));
  for (let i = 0; i < 5; i++) {
    const before = senders.sent;
    await until("datagrams", () => senders.sent > before + 20);
    l.site.weir.rewrite({ ...l.site.config, routes: [{ name: "hello", respond: { body: `hello ${i}` } }] });
    expect((await l.site.weir.control("reload")).code).toBe(0);
  }
  for (const t of await senders.stop()) expect(t).toEqual(unbroken(t, senders.sent));
  for (const c of senders.clients) c[Symbol.dispose]();
});

describe("several workers", () => {
  test("share the clients, and each keeps its own", async () => {
    const all = await origins(1);
    const l = await site(["--workers", "2"], null, all);
    const clients = await Promise.all(Array.from({ length: 40 }, () => UdpClient.open(l.port["udp"]!)));
    for (let i = 0; i < 3; i++) expect(await Promise.all(clients.map((c) => c.ask("x")))).toEqual(clients.map(() => "0:x"));
    // One port upstream for each session: no client was seen by two workers.
    expect(all[0]!.from.size).toBe(40);
    const { workers } = JSON.parse((await l.site.weir.admin("/status")).body) as { workers: { connections: number }[] };
    for (const w of workers) expect(w.connections).toBeGreaterThan(0);
    for (const c of clients) c[Symbol.dispose]();
  });

  test("one that is killed is replaced, and its clients are served again", async () => {
    const all = await origins(1);
    const l = await site(["--workers", "2"], null, all);
    const clients = await Promise.all(Array.from({ length: 20 }, () => UdpClient.open(l.port["udp"]!)));
    await Promise.all(clients.map((c) => c.ask("x")));
    const { workers } = JSON.parse((await l.site.weir.admin("/status")).body) as { workers: { pid: number }[] };
    process.kill(workers[0]!.pid, "SIGKILL");
    // What comes meanwhile waits in the dead worker's socket.
    expect(await Promise.all(clients.map((c) => c.ask("y")))).toEqual(clients.map(() => "0:y"));
    for (const c of clients) c[Symbol.dispose]();
  });

  test("what a sibling took for one that was killed is answered, also when its successor is there before the answer", async () => {
    const all = await origins(1);
    const l = await site(["--workers", "2"], null, all);
    const { weir } = l.site;
    // The successor may be there before a sibling steps in.
    for (let round = 0, stepped = 0; round < ROUNDS && stepped < 2; round++) {
      const { workers } = JSON.parse((await weir.admin("/status")).body) as { workers: { pid: number }[] };
      const [before, clients] = [
        weir.stderr.length,
        await Promise.all(Array.from({ length: 20 }, () => UdpClient.open(l.port["udp"]!))),
      ];
      const asked = all[0]!.asked.length;
      all[0]!.hold();
      process.kill(workers[0]!.pid, "SIGKILL");
      for (const c of clients) c.send("z");
      await until("the successor", () => weir.stderr.slice(before).includes('"event":"worker serves","worker":0'));
      await until("all datagrams", () => all[0]!.asked.length >= asked + clients.length);
      if (weir.stderr.slice(before).includes("a sibling serves")) stepped++;
      all[0]!.release();
      await Promise.all(clients.map((c) => c.until(1)));
      for (const c of clients) c[Symbol.dispose]();
    }
  });
});
