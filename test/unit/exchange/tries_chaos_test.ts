import { describe, expect, test } from "bun:test";
import { Random } from "../../fuzz/random.ts";
import { HostsSite, type MemoryHost } from "./hosts_site.ts";
import { get, ok, type Peer, statuses } from "./site.ts";

const ROUNDS = 40;
const STEPS = 60;
const CAP = 3;
const PORTS = [9001, 9002, 9003];

const ROUTES: Readonly<Record<string, string>> = {
  plain: "",
  retry: ", retry: { attempts: 2, on: [503, connectFailure, reset], backoff: { base: 20ms } }",
  hedge: ", hedge: { after: 60ms, attempts: 3 }",
  both: ", retry: { attempts: 2, on: [503, connectFailure, reset, timeout], perTry: 300ms, backoff: { base: 20ms } }, hedge: 60ms",
};

interface Client {
  readonly peer: Peer;
  readonly path: string;
  left: boolean;
}

/** Requests that a host's connection was asked and has not answered. */
function owed(p: Peer): string[] {
  const asked = [...p.text.matchAll(/(?:GET|PUT) (\S+) /g)].map((m) => m[1]!);
  return asked.slice(answers.get(p) ?? 0);
}
const answers = new WeakMap<Peer, number>();

function answer(p: Peer, random: Random): void {
  const [path] = owed(p);
  if (path === undefined || p.gone) return;
  answers.set(p, (answers.get(p) ?? 0) + 1);
  p.send(random.once(4) ? "HTTP/1.1 503 No\r\nContent-Length: 3\r\n\r\nbad" : ok(path));
}

function open(hosts: readonly MemoryHost[]): Peer[] {
  return hosts.flatMap((h) => h.peers).filter((p) => !p.gone);
}

for (const [name, route] of Object.entries(ROUTES)) {
  describe(`anything in any order, ${name}`, () => {
    for (let seed = 1; seed <= ROUNDS; seed++) {
      test(`no reply is another's, none is double, and nothing is left over: seed ${seed}`, async () => {
        const random = new Random(seed);
        const site = await HostsSite.start({
          hosts: PORTS,
          route: `${route}, mirror: { cluster: app, share: 0.2 }`,
          cluster: `, breakers: { connections: ${CAP}, pending: 6, requests: 10 }`,
        });
        const hosts = await Promise.all(PORTS.map((p) => site.listen(p)));
        const clients: Client[] = [];
        const steps: readonly (() => Promise<void> | void)[] = [
          async () => {
            const path = `/${clients.length}`;
            const text = random.once(3) ? `PUT ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc` : get(path);
            clients.push({ peer: await site.client(text), path, left: false });
          },
          () => {
            const c = random.pick(clients);
            if (c.left || c.peer.text !== "") return;
            c.left = true;
            c.peer.conn!.reset();
          },
          () => {
            const all = open(hosts).filter((p) => owed(p).length > 0);
            if (all.length > 0) answer(random.pick(all), random);
          },
          () => {
            const all = open(hosts);
            if (all.length > 0) random.pick(all).conn!.reset();
          },
          () => site.advance(random.below(100)),
        ];
        await steps[0]!();
        for (let i = 0; i < STEPS; i++) {
          // Asking and answering more often than the rest.
          await steps[[0, 0, 2, 2, 2, 1, 3, 4][random.below(8)]!]!();
          await site.settled();
          expect(open(hosts).length).toBeLessThanOrEqual(CAP);
        }
        for (let i = 0; i < 400 && (clients.some((c) => !c.left && c.peer.text === "") || site.active[1] !== 0); i++) {
          for (const p of open(hosts)) while (owed(p).length > 0 && !p.gone) answer(p, random);
          await site.advance(50);
        }
        for (const { peer, path, left } of clients) {
          if (left) continue;
          expect([path, statuses(peer.text).length]).toEqual([path, 1]);
          if (statuses(peer.text)[0] === 200) expect(peer.text).toEndWith(`\r\n\r\n${path}`);
        }
        // Copies have their minute.
        await site.advance(61_000);
        expect(site.active).toEqual([0, 0]);
        expect([site.gauge("remaining", "requests"), site.gauge("remaining", "pending")]).toEqual([10, 6]);
        expect(site.gauge("remaining", "connections")).toBe(CAP - open(hosts).length);
        const retries = site.gauge("remaining", "retries");
        if (!Number.isNaN(retries)) expect(retries).toBe(3);
      });
    }
  });
}
