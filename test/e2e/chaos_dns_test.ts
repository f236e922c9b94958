import { afterAll, afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import type { ChaosFront } from "../support/chaos/chaos_front.ts";
import { ChaosLoad } from "../support/chaos/chaos_load.ts";
import { ChaosSite } from "../support/chaos/chaos_site.ts";
import type { Upstream } from "../support/chaos/upstream.ts";
import { until } from "../support/deadline.ts";
import { DnsServer } from "../support/dns_server.ts";

const LONG = process.env["WEIR_LONG"] !== undefined;
setDefaultTimeout(LONG ? 1_800_000 : 120_000);

const NAME = "app.test";
const SERVICE = "_http._tcp.app.test";
const TTL_S = 1;
/** A question that fails is asked again after 30 s at the latest; the rest is what a busy machine may take. */
const ASKED_MS = 30_000 + 15_000;
const POLICIES = ["names", "services"] as const;
const ROUTE = { timeout: "5s", retry: { attempts: 2, backoff: { base: "5ms", max: "20ms" } } };

let dns: DnsServer;
let dead = false;
let site: ChaosSite;
beforeAll(async () => {
  dns = await DnsServer.start();
  const common = { dns: { servers: [dns.address], families: "v4", minTtl: "0s" }, breakers: { retries: false } };
  site = await ChaosSite.start({
    onePort: true,
    policies: (upstreams) => {
      name(upstreams);
      return {
        names: { route: ROUTE, cluster: { ...common, endpoints: [`${NAME}:${upstreams[0]!.port}`] } },
        services: { route: ROUTE, cluster: { ...common, srv: SERVICE } },
      };
    },
  });
});
beforeEach(async () => {
  name(site.upstreams);
  await areNamed(site.upstreams);
});
afterEach(async () => {
  if (dead) await dns.revive();
  dead = false;
  dns.mode = "answer";
  await site.mend();
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await dns.stop();
});

/** Says in DNS that these are there and no others, by an address each and by a service each. */
function name(upstreams: readonly Upstream[]): void {
  dns.records.set(NAME, { ttl: TTL_S, A: upstreams.map((u) => u.host) });
  for (const u of upstreams) dns.records.set(`${u.name}.${NAME}`, { ttl: TTL_S, A: [u.host] });
  const SRV = upstreams.map((u) => ({ port: u.port, target: `${u.name}.${NAME}` }));
  dns.records.set(SERVICE, { ttl: TTL_S, SRV });
}

/** Until the fronts know that these are there and no others. */
async function areNamed(upstreams: readonly Upstream[]): Promise<void> {
  await site.each(async (f) => {
    for (const policy of POLICIES)
      for (const u of site.upstreams)
        await f.untilState(policy, u, (state) => (state !== "absent") === upstreams.includes(u), ASKED_MS);
  });
}

/** Until a while has passed in which nobody asked them: each worker learns of a change by itself. */
async function areLeft(load: ChaosLoad, upstreams: readonly Upstream[]): Promise<void> {
  let asked: string;
  await until(
    "no requests for those that are gone",
    async () => {
      asked = String(upstreams.map((u) => site.asked(u)));
      await load.more();
      return String(upstreams.map((u) => site.asked(u))) === asked;
    },
    ASKED_MS,
  );
}

test("hosts that DNS names anew take over, and those that it names no more drain, without a failure", async () => {
  using load = await ChaosLoad.begin(site, ...POLICIES.map((policy) => ({ policy, timeoutMs: 5_000 })));
  const [a, b, c, d] = site.upstreams as readonly [Upstream, Upstream, Upstream, Upstream];
  for (const [now, gone] of [
    [
      [a, b],
      [c, d],
    ],
    [[c], [a, b, d]],
  ] as const) {
    name(now);
    await areNamed(now);
    await areLeft(load, gone);
  }
  // POSTs, too: nobody had to send one anew.
  expect(load.failures).toEqual([]);
  await load.end();
});

/** How DNS fails. `nothing`: it has no such names. */
type Failure = "servfail" | "garbage" | "silent" | "nothing" | "dead";
const FAILURES: readonly Failure[] = LONG ? ["servfail", "garbage", "silent", "nothing", "dead"] : ["dead"];

for (const failure of FAILURES) {
  test(`while DNS is ${failure} the last hosts serve on, also when one is killed, and other hosts come when it is back`, async () => {
    using load = await ChaosLoad.begin(site, ...POLICIES.map((policy) => ({ policy, timeoutMs: 5_000 })));
    const [a, b] = site.upstreams as readonly [Upstream, Upstream];
    const said = site.fronts.map((f) => f.weir.stderr.length);
    if (failure === "dead") {
      dead = true;
      await dns.die();
    } else if (failure === "nothing") dns.records.clear();
    else dns.mode = failure;
    const told = (f: ChaosFront, i: number): boolean => f.weir.stderr.slice(said[i]).includes("could not be resolved");
    await until("the failure to be told", () => site.fronts.every(told), ASKED_MS);
    expect(load.failures).toEqual([]);
    await a.kill();
    await load.more();
    dns.mode = "answer";
    name([b]);
    if (dead) await dns.revive();
    dead = false;
    await areNamed([b]);
    await areLeft(load, site.upstreams.slice(2));
    await load.end();
  });
}
