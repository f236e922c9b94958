import { describe, expect, setDefaultTimeout } from "bun:test";
import { turn, until } from "../support/deadline.ts";
import { GrpcService } from "../support/grpc_service.ts";
import { startH2Origin } from "../support/h2_origin.ts";
import { freePort } from "../support/ports.ts";
import { get } from "../support/raw_client.ts";
import { startOrigin } from "../support/raw_origin.ts";
import { opened, scenario } from "../support/scenario.ts";
import { SteadyLoad } from "../support/steady_load.ts";
import { Pki } from "../support/tls_pki.ts";
import { UpstreamProcess } from "../support/upstream_process.ts";
import { type Site, startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

interface HostStatus {
  readonly address: string;
  readonly state: string;
  readonly why: string;
}

/** Quick enough for a test, and slow enough for a busy machine: a healthy host has a second to answer. */
const HEALTH = {
  http: "/healthz",
  interval: "250ms",
  unhealthyInterval: "100ms",
  timeout: "1s",
  healthyThreshold: 2,
  unhealthyThreshold: 2,
};

/** In which a host is found out: two checks at their timeouts, and the way to all workers. */
const FOUND_MS = 8_000;

async function upstreams(n: number): Promise<UpstreamProcess[]> {
  const all = await Promise.all(Array.from({ length: n }, (_, i) => UpstreamProcess.start(`u${i}`)));
  opened(...all);
  return all;
}

async function site(workers: number, cluster: Record<string, unknown>, ups: readonly UpstreamProcess[]): Promise<Site> {
  const s = await startSite({
    args: ["--workers", String(workers)],
    routes: [{ name: "all", to: "app" }],
    clusters: { app: { endpoints: ups.map((u) => u.address), ...cluster } },
    top: { workers: { orphanLimit: "20s" }, drain: { limit: "5s" } },
  });
  opened(s);
  return s;
}

async function hostsOf(s: Site): Promise<readonly HostStatus[]> {
  const { clusters } = JSON.parse((await s.weir.admin("/status")).body) as {
    clusters: { name: string; hosts: HostStatus[] }[];
  };
  return clusters.find((c) => c.name === "app")!.hosts;
}

async function statesOf(s: Site): Promise<string> {
  return (await hostsOf(s)).map((h) => h.state).join(" ");
}

function becomes(s: Site, states: string): Promise<void> {
  return until(`hosts to be ${states}`, async () => (await statesOf(s)) === states, FOUND_MS);
}

/** Who answers so many requests over as many connections, so that every worker is asked. */
async function answering(s: Site, n = 40): Promise<string[]> {
  const all = await Promise.all(Array.from({ length: n }, () => get(s.port, "/")));
  return [...new Set(all.map((m) => (m.status === 200 ? m.body : `${m.status} ${m.body.trim()}`)))].sort();
}

/** A state is in force in all workers some moments after it shows. */
function answerOnly(s: Site, names: string[]): Promise<void> {
  return until(`${names.join(", ")} alone to answer`, async () => (await answering(s)).join() === names.join());
}

for (const workers of [1, 2]) {
  describe(`health checks of ${workers === 1 ? "one process" : "two workers"}`, () => {
    scenario("a host that is down at the start never gets a request", async () => {
      const ups = await upstreams(2);
      ups[1]!.set("ill");
      const s = await site(workers, { health: HEALTH }, ups);
      expect(await answering(s)).toEqual(["u0"]);
      expect(await statesOf(s)).toBe("healthy unhealthy");
      expect((await hostsOf(s))[1]!.why).toBe("status 503");
      expect((await ups[1]!.counts()).requests).toBe(0);
      expect(await s.weir.metric("weir_cluster_hosts", { cluster: "app", state: "unhealthy" })).toBe(1);
      expect(await s.weir.metric("weir_cluster_health_checks_total", { cluster: "app", result: "failed" })).toBeGreaterThan(0);
      const shown = (await s.weir.control("status")).stdout;
      expect(shown).toContain(`cluster app: ${ups[0]!.address} (healthy), ${ups[1]!.address} (unhealthy: status 503)`);
    });

    scenario("a host that is killed takes nothing after it is found out, and returns when it is back", async () => {
      const ups = await upstreams(4);
      const s = await site(workers, { health: HEALTH }, ups);
      expect(await answering(s, 80)).toEqual(["u0", "u1", "u2", "u3"]);
      await ups[2]!.end();
      await becomes(s, "healthy healthy unhealthy healthy");
      await answerOnly(s, ["u0", "u1", "u3"]);
      const load = SteadyLoad.ofConnections(s.port, "/", 4);
      await until("load", () => load.served > 200);
      expect((await load.stop()).failures).toEqual([]);
      await ups[2]!.begin();
      await becomes(s, "healthy healthy healthy healthy");
      await answerOnly(s, ["u0", "u1", "u2", "u3"]);
      const events = s.weir.stderr.split("\n").filter((l) => l.includes(ups[2]!.address) && l.includes('"event":"host is '));
      expect(events.map((l) => (JSON.parse(l) as { event: string }).event)).toEqual(["host is unhealthy", "host is healthy"]);
    });

    scenario("a host that is stopped does not answer in time", async () => {
      const ups = await upstreams(2);
      const s = await site(workers, { health: HEALTH }, ups);
      ups[1]!.stop();
      await becomes(s, "healthy unhealthy");
      expect((await hostsOf(s))[1]!.why).toContain("1000 ms");
      await answerOnly(s, ["u0"]);
      ups[1]!.goOn();
      await becomes(s, "healthy healthy");
    });

    for (const mode of ["nonsense", "cut", "silent"] as const) {
      scenario(`a host whose answers are ${mode}`, async () => {
        const ups = await upstreams(2);
        const s = await site(workers, { health: { ...HEALTH, timeout: "300ms" } }, ups);
        ups[0]!.set(mode);
        await becomes(s, "unhealthy healthy");
        await answerOnly(s, ["u1"]);
        ups[0]!.set("ok");
        await becomes(s, "healthy healthy");
      });
    }

    scenario("a host that flaps below the threshold stays", async () => {
      const ups = await upstreams(2);
      const s = await site(workers, { health: HEALTH }, ups);
      ups[0]!.set("flap");
      const before = (await ups[0]!.counts()).checks;
      await until("checks", async () => (await ups[0]!.counts()).checks > before + 10, 15_000);
      expect(await statesOf(s)).toBe("healthy healthy");
      expect(await answering(s)).toEqual(["u0", "u1"]);
      expect(s.weir.stderr).not.toContain("host is unhealthy");
    });

    scenario("a reload keeps what is known, and a changed check asks anew", async () => {
      const ups = await upstreams(2);
      const s = await site(workers, { health: { ...HEALTH, unhealthyInterval: "1h" } }, ups);
      ups[1]!.set("ill");
      await becomes(s, "healthy unhealthy");
      ups[1]!.set("ok");
      const cluster = (s.config["clusters"] as Record<string, Record<string, unknown>>)["app"]!;
      const write = (health: Record<string, unknown>): void =>
        s.weir.rewrite({
          ...s.config,
          clusters: { ...(s.config["clusters"] as object), app: { ...cluster, health, maxIdle: 7 } },
        });
      write({ ...HEALTH, unhealthyInterval: "1h" });
      expect((await s.weir.control("reload")).code).toBe(0);
      expect(await statesOf(s)).toBe("healthy unhealthy");
      expect(await answering(s)).toEqual(["u0"]);
      write({ ...HEALTH, healthyThreshold: 1 });
      expect((await s.weir.control("reload")).code).toBe(0);
      await becomes(s, "healthy healthy");
    });

    scenario("a reload that replaces all hosts loses no request", async () => {
      const ups = await upstreams(2);
      const s = await site(workers, { health: HEALTH }, [ups[0]!]);
      const load = SteadyLoad.ofConnections(s.port, "/", 4);
      await until("load", () => load.served > 50);
      const clusters = s.config["clusters"] as Record<string, object>;
      const app = { ...clusters["app"], endpoints: [ups[1]!.address] };
      s.weir.rewrite({ ...s.config, clusters: { ...clusters, app } });
      expect((await s.weir.control("reload")).code).toBe(0);
      await answerOnly(s, ["u1"]);
      const before = load.served;
      await until("load", () => load.served > before + 50);
      expect((await load.stop()).failures).toEqual([]);
    });

    scenario("checks that come with a reload take traffic from nobody who is well", async () => {
      const ups = await upstreams(2);
      const s = await site(workers, {}, ups);
      const load = SteadyLoad.ofConnections(s.port, "/", 4);
      await until("load", () => load.served > 50);
      const clusters = s.config["clusters"] as Record<string, object>;
      s.weir.rewrite({ ...s.config, clusters: { ...clusters, app: { ...clusters["app"], health: HEALTH } } });
      expect((await s.weir.control("reload")).code).toBe(0);
      await becomes(s, "healthy healthy");
      expect((await load.stop()).failures).toEqual([]);
    });

    scenario("a successor begins with what is known", async () => {
      const ups = await upstreams(2);
      // No check of the successor's can end before it is asked.
      const slow = { ...HEALTH, timeout: "1h", interval: "100ms" };
      const s = await site(workers, { health: slow }, ups);
      ups[1]!.set("ill");
      await becomes(s, "healthy unhealthy");
      for (const u of ups) u.set("silent");
      const { pid } = JSON.parse((await s.weir.admin("/status")).body) as { pid: number };
      expect((await s.weir.control("upgrade")).code).toBe(0);
      const after = JSON.parse((await s.weir.admin("/status")).body) as { pid: number };
      expect(after.pid).not.toBe(pid);
      expect(await statesOf(s)).toBe("healthy unhealthy");
    });

    scenario("a connection of TCP, and what it answers", async () => {
      await using up = await startOrigin({ open: ({ socket }) => socket.on("data", () => socket.write("+PONG\r\n")) });
      const s = await startSite({
        args: ["--workers", String(workers)],
        routes: [{ name: "all", to: "app" }],
        clusters: {
          app: {
            endpoints: [`127.0.0.1:${up.port}`],
            health: { ...HEALTH, http: undefined, tcp: { send: "PING\r\n", expect: "+PONG" } },
          },
        },
      });
      opened(s);
      expect(await statesOf(s)).toBe("healthy");
      await up.close();
      await becomes(s, "unhealthy");
      expect((await hostsOf(s))[0]!.why).toContain(String(up.port));
    });

    scenario("with the cluster's TLS, over one connection of what ALPN agrees on", async () => {
      using pki = new Pki();
      using other = new Pki();
      const pair = pki.server("app", ["app.example"]);
      const [h2, h1] = await Promise.all([
        startH2Origin({ tls: { pair, clientCa: pki.ca } }),
        startH2Origin({ tls: { pair, alpn: ["http/1.1"], clientCa: pki.ca } }),
      ]);
      opened(h2, h1);
      const tls = { ca: pki.ca, serverName: "app.example", ...pki.client("weir") };
      const of = (port: number, more: object): object => ({
        endpoints: [`127.0.0.1:${port}`],
        protocol: "auto",
        tls: { ...tls, ...more },
        health: HEALTH,
      });
      const s = await startSite({
        args: ["--workers", String(workers)],
        routes: [{ to: ["h2", "h1", "stranger"].map((cluster) => ({ cluster, weight: 1 })) }],
        clusters: { h2: of(h2.port, {}), h1: of(h1.port, {}), stranger: of(h2.port, { ca: other.ca }) },
      });
      opened(s);
      const { clusters } = JSON.parse((await s.weir.admin("/status")).body) as {
        clusters: { name: string; hosts: HostStatus[] }[];
      };
      const states = new Map(clusters.map((c) => [c.name, c.hosts[0]!.state]));
      expect([states.get("h2"), states.get("h1"), states.get("stranger")]).toEqual(["healthy", "healthy", "unhealthy"]);
      await until("further checks", () => h2.streams.length > 3);
      // The other cluster's handshakes come to nothing on this side alone.
      expect(h2.connections.filter((c) => c.streams.size > 0).length).toBe(1);
    });

    scenario("outliers are ejected, and come back after their time", async () => {
      const ups = await upstreams(3);
      const outlier = { consecutive5xx: 3, baseEjection: "1s", maxEjected: "100%", interval: "60s", successRate: false };
      const s = await site(workers, { health: HEALTH, outlier }, ups);
      ups[0]!.set("failing");
      await until("the ejection", async () => (await answering(s, 60)).join() === "u1,u2");
      expect(await s.weir.metric("weir_cluster_ejections_total", { cluster: "app", cause: "consecutive5xx" })).toBeGreaterThan(0);
      expect(s.weir.stderr).toContain('"event":"host is ejected"');
      ups[0]!.set("ok");
      await answerOnly(s, ["u0", "u1", "u2"]);
      await until("no ejection", async () => (await s.weir.metric("weir_cluster_ejections_active", { cluster: "app" })) === 0);
      expect(s.weir.stderr).toContain('"event":"host is let back"');
    });
  });
}

describe("failures to connect", () => {
  const outlier = { consecutive5xx: false, consecutiveGatewayErrors: false, consecutiveLocalFailures: 3, maxEjected: "100%" };

  scenario("of requests eject a host", async () => {
    const ups = await upstreams(2);
    const s = await site(1, { outlier }, ups);
    await ups[1]!.end();
    await answerOnly(s, ["u0"]);
    expect((await hostsOf(s))[1]!).toMatchObject({ state: "ejected", why: expect.stringContaining("in a row") });
    expect(await s.weir.metric("weir_cluster_ejections_total", { cause: "consecutiveLocalFailures" })).toBe(1);
  });

  scenario("of sessions of TCP eject a host", async () => {
    const ups = await upstreams(2);
    const port = await freePort();
    const s = await startSite({
      routes: [{ to: "app" }],
      clusters: { app: { endpoints: ups.map((u) => u.address), outlier } },
      top: { listeners: { tcp: { address: `127.0.0.1:${port}`, protocol: "tcp", to: "app" } } },
    });
    opened(s);
    await ups[1]!.end();
    for (let i = 0; i < 10; i++) expect((await get(port, "/")).body).toBe("u0");
    expect(await statesOf(s)).toBe("unchecked ejected");
  });
});

describe("checks of gRPC", () => {
  scenario("by server and by service, in cleartext, with the words of a library that is not ours", async () => {
    const service = await GrpcService.start();
    opened({ [Symbol.asyncDispose]: async () => service.close() });
    service.health = new Map([
      ["", 1],
      ["shop.Cart", 2],
    ]);
    const grpc = (more: object): Record<string, unknown> => ({
      endpoints: [`127.0.0.1:${service.port}`],
      health: { ...HEALTH, http: undefined, grpc: more },
    });
    const s = await startSite({
      routes: [{ to: ["server", "cart", "other"].map((cluster) => ({ cluster, weight: 1 })) }],
      clusters: {
        // gRPC is HTTP/2 whatever the cluster speaks.
        server: grpc({}),
        cart: { ...grpc({ service: "shop.Cart" }), protocol: "h2c" },
        other: { ...grpc({ service: "shop.Other" }), protocol: "h2c" },
      },
    });
    opened(s);
    const shown = async (): Promise<string[]> => {
      const { clusters } = JSON.parse((await s.weir.admin("/status")).body) as {
        clusters: { name: string; hosts: HostStatus[] }[];
      };
      return ["server", "cart", "other"].map((n) => {
        const { state, why } = clusters.find((c) => c.name === n)!.hosts[0]!;
        return why === "" ? state : `${state}: ${why}`;
      });
    };
    expect(await shown()).toEqual(["healthy", "unhealthy: NOT_SERVING", "unhealthy: grpc-status 5"]);
    service.health.set("shop.Cart", 1).set("shop.Other", 1).set("", 2);
    await until("all to change", async () => (await shown()).join() === "unhealthy: NOT_SERVING,healthy,healthy", FOUND_MS);
    service.health = null;
    await until("all to fail", async () => (await shown()).every((t) => t.includes("has no service")), FOUND_MS);
  });
});

describe("a host of HTTP/2 that does not answer", () => {
  scenario("is asked over another connection after each timeout, for the one before may be dead", async () => {
    let silent = true;
    const up = await startH2Origin({ serve: (s) => (silent ? undefined : s.sendHead([[":status", "204"]], true)) });
    opened(up);
    const s = await startSite({
      routes: [{ to: "app" }],
      clusters: {
        app: { endpoints: [`127.0.0.1:${up.port}`], protocol: "h2c", health: { ...HEALTH, timeout: "200ms" } },
      },
    });
    opened(s);
    await until("three questions over three connections", () => [0, 1, 2].every((i) => up.connections[i]?.streams.size === 1));
    expect(await statesOf(s)).toBe("unhealthy");
    silent = false;
    await becomes(s, "healthy");
  });
});

describe("several workers", () => {
  scenario("are told by the supervisor, which asks alone", async () => {
    const ups = await upstreams(2);
    const s = await site(2, { health: { ...HEALTH, interval: "200ms", jitter: "0%" } }, ups);
    const before = await ups[0]!.counts();
    const began = performance.now();
    await turn(3_000);
    const after = await ups[0]!.counts();
    // One asker makes at most one check in an interval, whatever the machine is busy with.
    expect(after.checks - before.checks).toBeLessThanOrEqual(Math.ceil((performance.now() - began) / 200) + 1);
    expect(await s.weir.metric("weir_cluster_connects_total", { cluster: "app" })).toBe(0);
  });

  scenario("a worker that starts late is told with its first config", async () => {
    const ups = await upstreams(2);
    ups[1]!.set("ill");
    const s = await site(2, { health: HEALTH }, ups);
    const pidsOf = async (): Promise<number[]> =>
      (JSON.parse((await s.weir.admin("/status")).body) as { workers: { pid: number; state: string }[] }).workers
        .filter((w) => w.state === "running")
        .map((w) => w.pid);
    const before = await pidsOf();
    for (const pid of before) process.kill(pid, "SIGKILL");
    await until(
      "other workers",
      async () => {
        const now = await pidsOf();
        return now.length === 2 && now.every((p) => !before.includes(p));
      },
      15_000,
    );
    expect(await answering(s)).toEqual(["u0"]);
    expect((await ups[1]!.counts()).requests).toBe(0);
  });

  scenario("without a supervisor keep what they know", async () => {
    const ups = await upstreams(2);
    ups[1]!.set("ill");
    const s = await site(2, { health: HEALTH }, ups);
    expect(await answering(s)).toEqual(["u0"]);
    s.weir.signal("SIGKILL");
    await s.weir.left;
    ups[1]!.set("ok");
    await turn(1_000);
    expect(await answering(s)).toEqual(["u0"]);
  });
});
