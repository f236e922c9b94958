import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { ChaosFront } from "../support/chaos/chaos_front.ts";
import { ChaosSite } from "../support/chaos/chaos_site.ts";
import { within } from "../support/deadline.ts";
import { TextSocket } from "../support/load/text_socket.ts";
import { fieldValue, type Message } from "../support/message.ts";

setDefaultTimeout(120_000);

const REQUESTS = 2_000;
const ANSWER_MS = 30_000;

let site: ChaosSite;
beforeAll(async () => {
  site = await ChaosSite.start({
    policies: ([a, b, c, d]) => ({
      left: { cluster: { endpoints: [a!.address, b!.address] } },
      right: { cluster: { endpoints: [c!.address, d!.address] } },
      canary: {
        to: [
          { cluster: "left", weight: 80 },
          { cluster: "right", weight: 20 },
        ],
        route: { sticky: { cookie: "side" } },
      },
      turns: { cluster: { balance: "roundRobin" } },
      least: { cluster: { balance: "leastRequest" } },
    }),
  });
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

/** Asks `n` times over `clients` connections at once; each asks again when it has its answer. */
async function askAll(front: ChaosFront, path: string, n: number, clients: number): Promise<Message[]> {
  const all: Message[] = [];
  let left = n;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      const s = await TextSocket.open(front.port);
      while (left-- > 0) all.push(await ask(s, path));
      s.destroy();
    }),
  );
  return all;
}

async function ask(s: TextSocket, path: string, ...fields: string[]): Promise<Message> {
  s.write(["GET ", path, " HTTP/1.1\r\nHost: load.example\r\nX-Id: one\r\n", ...fields.map((f) => `${f}\r\n`), "\r\n"].join(""));
  const got = await within("an answer", ANSWER_MS, s.message({ role: "response", method: "GET" }));
  expect(got.status).toBe(200);
  return got;
}

function host({ fields }: Message): string {
  return fieldValue(fields, "x-host");
}

/** How many answers are of each upstream. */
function sharesOf(answers: readonly Message[]): number[] {
  return site.upstreams.map((u) => answers.filter((m) => host(m) === u.name).length);
}

test("with a sticky cookie each user stays on one side, on all workers of all that have the same config", async () => {
  const users = 200;
  const visits = REQUESTS / users;
  let right = 0;
  const visit = async (): Promise<void> => {
    let cookie = "";
    const sides = new Set<string>();
    for (let i = 0; i < visits; i++) {
      // Each time on a connection of its own, so that any worker may have it, and in front of all in turn.
      const s = await TextSocket.open(site.fronts[i % site.fronts.length]!.port);
      const got = await ask(s, "/canary", ...(cookie === "" ? [] : [`Cookie: ${cookie}`]));
      s.destroy();
      const given = fieldValue(got.fields, "set-cookie");
      expect(given !== "").toBe(i === 0);
      if (i === 0) cookie = given.split(";")[0]!;
      sides.add(host(got) === "u0" || host(got) === "u1" ? "left" : "right");
    }
    expect(sides.size).toBe(1);
    if (sides.has("right")) right++;
  };
  for (let i = 0; i < users; i += 50) await Promise.all(Array.from({ length: 50 }, visit));
  // Cookies are drawn by chance: a fifth of the users, and five standard deviations of a binomial distribution.
  const sigma = Math.sqrt(users * 0.2 * 0.8);
  expect(Math.abs(right - users * 0.2)).toBeLessThan(5 * sigma);
});

test("leastRequest avoids a slow host, and turns don't", async () => {
  const clients = 32;
  const lame = site.upstreams[0]!;
  lame.set("lame");
  try {
    const each = REQUESTS / site.fronts.length;
    const [least] = await Promise.all([
      Promise.all(site.fronts.map((f) => askAll(f, "/least", each, clients))),
      site.each(async (f) => {
        const turns = sharesOf(await askAll(f, "/turns", each / 10, clients));
        // Each of up to two workers goes round by itself.
        for (const n of turns) expect(Math.abs(n - each / 40)).toBeLessThanOrEqual(2);
      }),
    ]);
    // The slow one takes ten times as long: with the same number of requests under way on each it has one of 31.
    for (const answers of least) expect(sharesOf(answers)[0]).toBeLessThan(each / 10);
  } finally {
    lame.set("ok");
  }
});
