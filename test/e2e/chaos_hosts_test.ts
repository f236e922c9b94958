import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { fuzzPlan, Random } from "../fuzz/random.ts";
import type { Policies, Policy } from "../support/chaos/chaos_front.ts";
import { ChaosLoad, isCut, isTold } from "../support/chaos/chaos_load.ts";
import { ChaosSite } from "../support/chaos/chaos_site.ts";
import type { Upstream } from "../support/chaos/upstream.ts";
import type { UpstreamMode } from "../support/chaos/upstream_order.ts";
import { until } from "../support/deadline.ts";

setDefaultTimeout(process.env["WEIR_LONG"] === undefined ? 120_000 : 3_600_000);

const INTERVAL_MS = 200;
const CHECK_TIMEOUT_MS = 1_000;
const THRESHOLD = 2;
const PER_TRY_MS = 500;
const FAILURES = 3;
const EJECTION_MS = 500;
const MAX_EJECTION_MS = 1_000;
/** What a busy machine may add to what the config says. */
const BUSY_MS = 10_000;
/** Until checks have found a host out, or that it is well again. */
const FOUND_MS = THRESHOLD * (INTERVAL_MS + CHECK_TIMEOUT_MS) + BUSY_MS;
/** Until the failures of requests have. */
const EJECTED_MS = FAILURES * PER_TRY_MS + BUSY_MS;
const RETURN_MS = MAX_EJECTION_MS + BUSY_MS;

const HEALTH = {
  http: "/healthz",
  interval: `${INTERVAL_MS}ms`,
  unhealthyInterval: "100ms",
  timeout: `${CHECK_TIMEOUT_MS}ms`,
  unhealthyThreshold: THRESHOLD,
  healthyThreshold: THRESHOLD,
};
const OUTLIER = {
  consecutive5xx: FAILURES,
  consecutiveGatewayErrors: FAILURES,
  consecutiveLocalFailures: FAILURES,
  successRate: false,
  interval: "500ms",
  baseEjection: `${EJECTION_MS}ms`,
  maxEjection: `${MAX_EJECTION_MS}ms`,
  maxEjected: "50%",
};
const RETRIES = { on: ["connectFailure", "refusedStream", "reset", "timeout", "5xx"], backoff: { base: "5ms", max: "20ms" } };
const NO_BUDGET = { retries: false };

/** Nobody tells of a host's end: each request finds out by itself. */
const BARE = { route: { timeout: "5s", retry: { attempts: 2 } }, cluster: { breakers: NO_BUDGET } };
const JUDGED = {
  route: { timeout: "5s", retry: { ...RETRIES, attempts: 2, perTry: `${PER_TRY_MS}ms` } },
  cluster: { outlier: OUTLIER, breakers: NO_BUDGET },
};
const LASTING = {
  route: JUDGED.route,
  cluster: { outlier: { ...OUTLIER, baseEjection: "1h", maxEjection: "1h" }, breakers: NO_BUDGET },
};

const POLICIES: Policies = {
  bare: BARE,
  bareH2: overH2(BARE),
  // The good beginning of docs/traffic.md, but for times.
  good: {
    route: { timeout: "5s", retry: { attempts: 2, on: ["connectFailure", "refusedStream", "reset", 503] } },
    cluster: {
      balance: "leastRequest",
      health: HEALTH,
      outlier: { ...OUTLIER, maxEjected: "10%" },
      // With one of four hosts a quarter of what is under way fails at once, which is more than a fifth.
      breakers: { retries: { share: "50%", floor: 10 } },
    },
  },
  checked: { route: { timeout: "2s", retry: false }, cluster: { health: HEALTH } },
  judged: JUDGED,
  judgedH2: overH2(JUDGED),
  lasting: LASTING,
  lastingH2: overH2(LASTING),
  all: {
    route: { timeout: "5s", retry: { ...RETRIES, attempts: 3, perTry: `${PER_TRY_MS}ms` } },
    cluster: { balance: "leastRequest", health: HEALTH, outlier: OUTLIER, breakers: NO_BUDGET },
  },
};

/** The same to upstreams that speak HTTP/2. */
function overH2({ route, cluster }: Policy): Policy {
  return { ...(route === undefined ? {} : { route }), cluster: { ...cluster, protocol: "h2c" } };
}

let site: ChaosSite;
beforeAll(async () => {
  site = await ChaosSite.start({ policies: POLICIES });
});
afterEach(async () => {
  await site.mend();
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

test("a host that is killed costs no request that may be repeated, is found out in time, and returns", async () => {
  using load = await ChaosLoad.begin(
    site,
    { policy: "bare", timeoutMs: 5_000, h2: true },
    { policy: "bareH2", timeoutMs: 5_000 },
    { policy: "good", timeoutMs: 5_000 },
  );
  const [first, second] = [site.upstreams[0]!, site.upstreams[1]!];
  await first.kill();
  await site.becomes("good", first, "unhealthy", FOUND_MS);
  const mark = load.mark();
  await load.more();
  // Nothing is sent where nobody listens, so that a POST may go elsewhere.
  expect(load.since(mark)).toEqual([]);
  const asked = site.asked(first);
  await first.begin();
  await site.becomes("good", first, "healthy", FOUND_MS);
  await until("requests for it", () => site.asked(first) > asked + 20, BUSY_MS);
  for (let i = 0; i < 2; i++) {
    await second.kill();
    await second.begin();
  }
  await load.well();
  await load.end();
});

test("a host that is stopped makes nobody wait past the timeout, is left out in time, and returns", async () => {
  using load = await ChaosLoad.begin(site, { policy: "checked", timeoutMs: 2_000 }, { policy: "judged", timeoutMs: 5_000 });
  const host = site.upstreams[2]!;
  host.stop();
  await Promise.all([
    site.becomes("checked", host, "unhealthy", FOUND_MS),
    site.becomes("judged", host, "ejected", EJECTED_MS),
    // It is let back when its time is over, and ejected again.
    site.each((f) =>
      until("a second ejection", async () => (await f.metric("ejections_total", "judged")) >= 2, EJECTED_MS + RETURN_MS),
    ),
  ]);
  host.goOn();
  await Promise.all([site.becomes("checked", host, "healthy", FOUND_MS), site.becomes("judged", host, "unchecked", RETURN_MS)]);
  await load.well();
  const asked = site.asked(host);
  await until("requests for it", () => site.asked(host) > asked + 20, BUSY_MS);
  await load.end((f) => f.kind.includes("checked") && isTold(f));
});

const MODES: readonly UpstreamMode[] = ["drop", "nonsense", "busy", "failing", "ill", "silent", "slow", "ok"];
const BAD: readonly (readonly [UpstreamMode, UpstreamMode])[] = [
  ["drop", "nonsense"],
  ["busy", "silent"],
  ["failing", "slow"],
];

test(`hosts whose answers are ${BAD.flat().join(", ")} cost no request that may be repeated`, async () => {
  const policies = ["judged", "judgedH2"];
  using load = await ChaosLoad.begin(site, ...policies.map((policy) => ({ policy, timeoutMs: 5_000 })));
  const become = (hosts: readonly Upstream[], state: string, ms: number): Promise<unknown> =>
    Promise.all(policies.flatMap((p) => hosts.map((h) => site.becomes(p, h, state, ms))));
  for (const [i, modes] of BAD.entries()) {
    const hosts = modes.map((_, k) => site.upstreams[(2 * i + k) % site.upstreams.length]!);
    for (const [k, mode] of modes.entries()) hosts[k]!.set(mode);
    await become(hosts, "ejected", EJECTED_MS);
    for (const h of hosts) h.set("ok");
    await become(hosts, "unchecked", RETURN_MS);
  }
  await load.well();
  await load.end();
});

test("a host that resets in the middle of bodies is found out, and no reply that is cut looks whole", async () => {
  using load = await ChaosLoad.begin(
    site,
    { policy: "lasting", timeoutMs: 5_000, h2: true },
    { policy: "lastingH2", timeoutMs: 5_000, h2: true },
  );
  const host = site.upstreams[3]!;
  host.set("cut");
  for (const policy of ["lasting", "lastingH2"]) await site.becomes(policy, host, "ejected", EJECTED_MS);
  await load.well();
  // Its head has gone to the client: there is no other try.
  await load.end(isCut);
});

test("without any host each request is answered at once, and all is well when they are back", async () => {
  using load = await ChaosLoad.begin(site, { policy: "good", timeoutMs: 5_000 }, { policy: "bare", timeoutMs: 5_000 });
  const before = load.mark();
  await Promise.all(site.upstreams.map((u) => u.kill()));
  for (const u of site.upstreams) await site.becomes("good", u, "unhealthy", FOUND_MS);
  const mark = load.mark();
  await until("requests to fail", () => load.since(mark).length > 100, BUSY_MS);
  await Promise.all(site.upstreams.map((u) => u.begin()));
  for (const u of site.upstreams) await site.becomes("good", u, "healthy", FOUND_MS);
  await load.well();
  expect(load.since(before).length).toBeGreaterThan(100);
  await load.end(isTold);
});

/** What is done to one host. */
const HARMS: readonly ((u: Upstream, random: Random) => Promise<void> | void)[] = [
  (u) => u.kill(),
  async (u) => {
    await u.kill();
    await u.begin();
  },
  (u) => u.stop(),
  (u, random) => u.set(random.pick(MODES)),
];

test("whatever is done to up to half of the hosts, nothing is lost that may be repeated", async () => {
  const { seed, rounds } = fuzzPlan(2);
  const random = new Random(seed);
  const log: string[] = [];
  try {
    using load = await ChaosLoad.begin(site, { policy: "all", timeoutMs: 5_000, h2: true });
    for (let i = 0; i < rounds; i++) {
      const first = random.below(site.upstreams.length);
      for (let k = 0; k <= random.below(2); k++) {
        const host = site.upstreams[(first + k) % site.upstreams.length]!;
        const harm = random.below(HARMS.length);
        log.push(`${harm} to ${host.name}`);
        await HARMS[harm]!(host, random);
      }
      await load.more(1 + random.below(15));
      await site.mend();
      for (const u of site.upstreams) await site.becomes("all", u, "healthy", FOUND_MS + RETURN_MS);
    }
    await load.end();
  } catch (e) {
    throw new Error(`FUZZ_SEED=${seed}: ${(e as Error).message}; what was done: ${log.join(", ")}`, { cause: e });
  }
});
