import { describe, expect, test } from "bun:test";
import type { ClusterSpec } from "../../../../src/config/model.ts";
import { ClusterDiscovery } from "../../../../src/upstream/discovery/cluster_discovery.ts";
import type { EndpointSink, EndpointSource } from "../../../../src/upstream/discovery/endpoint_source.ts";
import type { Host } from "../../../../src/upstream/types.ts";
import { dnsError, FakePlatform, RecordingLog, settle } from "../fake_platform.ts";
import { cluster, endpoint } from "../specs.ts";

const V4_ONLY = { families: "v4", minTtlMs: 5000, maxTtlMs: 300_000, servers: [] } as const;

/** A source that tells what the test says. */
class PushedEndpoints implements EndpointSource {
  sink: EndpointSink | null = null;
  opened = 0;

  start(sink: EndpointSink): void {
    this.sink = sink;
    this.opened++;
  }

  close(): void {
    this.sink = null;
  }
}

function discover(spec: ClusterSpec) {
  const platform = new FakePlatform();
  const log = new RecordingLog();
  const told: { hosts: readonly Host[]; gone: readonly Host[] }[] = [];
  const pushed = new PushedEndpoints();
  const discovery = new ClusterDiscovery(
    { platform, log, failed: () => {}, open: () => pushed, random: () => 0 },
    spec,
    (hosts, gone) => told.push({ hosts, gone }),
  );
  return { platform, log, told, discovery, pushed };
}

function labels(hosts: readonly Host[]): string[] {
  return hosts.map((h) => h.addresses.map((a) => (a.kind === "tcp" ? a.host : a.path)).join("+"));
}

describe("addresses", () => {
  test("are hosts at once, with label and authority", () => {
    const { discovery, told, platform } = discover(
      cluster([endpoint("10.0.0.1:80"), endpoint("[::1]:81"), endpoint("unix:/run/a"), endpoint("unix:\0b")]),
    );
    discovery.start();
    expect(told.length).toBe(1);
    expect(discovery.hosts.map((h) => h.label)).toEqual(["10.0.0.1:80", "[::1]:81", "unix:/run/a", "unix:@b"]);
    expect(discovery.hosts.map((h) => h.authority)).toEqual(["10.0.0.1:80", "[::1]:81", "localhost", "localhost"]);
    expect(platform.asked).toEqual([]);
    expect(platform.timers).toBe(0);
  });

  test("ready without delay", async () => {
    const { discovery } = discover(cluster([endpoint("10.0.0.1:80")]));
    discovery.start();
    await discovery.ready;
    expect(discovery.hosts.length).toBe(1);
  });

  test("an update keeps the objects of what stays and names what goes", async () => {
    const { discovery, told } = discover(cluster([endpoint("10.0.0.1:80"), endpoint("10.0.0.2:80")]));
    discovery.start();
    const [one, two] = discovery.hosts;
    await discovery.update(cluster([endpoint("10.0.0.3:80"), endpoint("10.0.0.1:80", { weight: 7 })]));
    expect(discovery.hosts[1]).toBe(one!);
    expect(one!.endpoint.weight).toBe(7);
    expect(told[1]!.gone).toEqual([two!]);
  });

  test("an update that changes nothing tells nothing", async () => {
    const { discovery, told } = discover(cluster([endpoint("10.0.0.1:80")]));
    discovery.start();
    await discovery.update(cluster([endpoint("10.0.0.1:80")], { connectTimeoutMs: 1 }));
    expect(told.length).toBe(1);
  });
});

describe("names", () => {
  test("no host until the answer, then one for each pair of families", async () => {
    const { discovery, platform, told } = discover(cluster([endpoint("App.test:80", { weight: 3 })]));
    platform.dns = (_, family) =>
      family === 6
        ? [{ address: "2001:db8::1", ttl: 60 }]
        : [
            { address: "10.0.0.2", ttl: 60 },
            { address: "10.0.0.1", ttl: 60 },
          ];
    let ready = false;
    void discovery.ready.then(() => {
      ready = true;
    });
    await settle();
    expect(ready).toBe(false);
    discovery.start();
    expect(discovery.hosts).toEqual([]);
    await settle();
    expect(ready).toBe(true);
    expect(told.length).toBe(1);
    expect(labels(discovery.hosts)).toEqual(["2001:db8::1+10.0.0.1", "10.0.0.2"]);
    expect(discovery.hosts.map((h) => h.label)).toEqual(["[2001:db8::1]:80", "10.0.0.2:80"]);
    expect(discovery.hosts.map((h) => h.authority)).toEqual(["App.test:80", "App.test:80"]);
    expect(discovery.hosts.map((h) => h.endpoint.weight)).toEqual([3, 3]);
    expect(platform.asked).toEqual(["6 app.test @0", "4 app.test @0"]);
  });

  test("a name with two ports is asked once", async () => {
    const { discovery, platform } = discover(cluster([endpoint("app.test:80"), endpoint("app.test:81")], { dns: V4_ONLY }));
    platform.dns = () => [{ address: "10.0.0.1", ttl: 60 }];
    discovery.start();
    await settle();
    expect(platform.asked).toEqual(["4 app.test @0"]);
    expect(discovery.hosts.map((h) => h.label)).toEqual(["10.0.0.1:80", "10.0.0.1:81"]);
  });

  test("hosts by address serve while a name is still asked", async () => {
    const { discovery, platform, told } = discover(cluster([endpoint("10.0.0.9:80"), endpoint("app.test:80")]));
    platform.dns = () => new Promise(() => {});
    discovery.start();
    expect(labels(discovery.hosts)).toEqual(["10.0.0.9"]);
    expect(told.length).toBe(1);
  });

  test("an update to a new name keeps the old hosts until the new name has answered", async () => {
    const { discovery, platform, told } = discover(cluster([endpoint("old.test:80")], { dns: V4_ONLY }));
    platform.dns = () => [{ address: "10.0.0.1", ttl: 60 }];
    discovery.start();
    await settle();
    const answer = Promise.withResolvers<{ address: string; ttl: number }[]>();
    platform.dns = () => answer.promise;
    const updated = discovery.update(cluster([endpoint("new.test:80")], { dns: V4_ONLY }));
    await settle();
    expect(labels(discovery.hosts)).toEqual(["10.0.0.1"]);
    answer.resolve([{ address: "10.0.0.2", ttl: 60 }]);
    await updated;
    expect(labels(discovery.hosts)).toEqual(["10.0.0.2"]);
    expect(labels(told.at(-1)!.gone)).toEqual(["10.0.0.1"]);
    await platform.advance(100_000);
    expect(platform.asked.some((q) => q.includes("old.test") && !q.endsWith("@0"))).toBe(false);
  });

  test("an update overtaken by another is never in force, and its names are not asked again", async () => {
    const { discovery, platform } = discover(cluster([endpoint("10.0.0.1:80")], { dns: V4_ONLY }));
    discovery.start();
    platform.dns = () => new Promise(() => {});
    const first = discovery.update(cluster([endpoint("lost.test:80")], { dns: V4_ONLY }));
    await discovery.update(cluster([endpoint("10.0.0.2:80")], { dns: V4_ONLY }));
    await first;
    expect(labels(discovery.hosts)).toEqual(["10.0.0.2"]);
    expect(platform.timers).toBe(0);
  });

  test("an update overtaken by one that waits too: the names of the first are let go", async () => {
    const { discovery, platform } = discover(cluster([endpoint("10.0.0.1:80")], { dns: V4_ONLY }));
    discovery.start();
    platform.dns = (name) => (name === "lost.test" ? new Promise(() => {}) : [{ address: "10.0.0.2", ttl: 60 }]);
    const first = discovery.update(cluster([endpoint("lost.test:80")], { dns: V4_ONLY }));
    await discovery.update(cluster([endpoint("new.test:80")], { dns: V4_ONLY }));
    await first;
    expect(labels(discovery.hosts)).toEqual(["10.0.0.2"]);
  });

  test("while an update waits, the config in force goes on following its names", async () => {
    const { discovery, platform } = discover(cluster([endpoint("old.test:80")], { dns: V4_ONLY }));
    let address = "10.0.0.1";
    platform.dns = (name) => (name === "new.test" ? new Promise(() => {}) : [{ address, ttl: 1 }]);
    discovery.start();
    await settle();
    void discovery.update(cluster([endpoint("new.test:80")], { dns: V4_ONLY }));
    address = "10.0.0.2";
    await platform.advance(4000);
    expect(labels(discovery.hosts)).toEqual(["10.0.0.2"]);
  });

  test("an update to a name that fails is in force when the failure is known", async () => {
    const { discovery, platform, told } = discover(cluster([endpoint("10.0.0.1:80")], { dns: V4_ONLY }));
    discovery.start();
    platform.dns = () => dnsError("ENOTFOUND");
    await discovery.update(cluster([endpoint("none.test:80")], { dns: V4_ONLY }));
    expect(discovery.hosts).toEqual([]);
    expect(labels(told.at(-1)!.gone)).toEqual(["10.0.0.1"]);
  });

  test("another DNS policy asks anew; hosts stay until the answer, and after it where the address did", async () => {
    const { discovery, platform } = discover(cluster([endpoint("app.test:80")]));
    platform.dns = (_, family) => (family === 6 ? [{ address: "2001:db8::1", ttl: 60 }] : [{ address: "10.0.0.1", ttl: 60 }]);
    discovery.start();
    await settle();
    const update = discovery.update(cluster([endpoint("app.test:80")], { dns: { ...V4_ONLY, families: "v6" } }));
    expect(labels(discovery.hosts)).toEqual(["2001:db8::1+10.0.0.1"]);
    await update;
    expect(labels(discovery.hosts)).toEqual(["2001:db8::1"]);
    const host = discovery.hosts[0];
    await discovery.update(
      cluster([endpoint("app.test:80")], { dns: { families: "v6", minTtlMs: 1000, maxTtlMs: 2000, servers: [] } }),
    );
    expect(discovery.hosts[0]).toBe(host!);
    const asked = platform.asked.length;
    await platform.advance(1600);
    expect(platform.asked.length).toBe(asked + 1);
    expect(platform.timers).toBe(1);
  });

  test("close ends questions and timers, and lets waiters go", async () => {
    const { discovery, platform, told } = discover(cluster([endpoint("app.test:80")]));
    const answer = Promise.withResolvers<{ address: string; ttl: number }[]>();
    platform.dns = () => answer.promise;
    discovery.start();
    const { ready } = discovery;
    discovery.close();
    await ready;
    answer.resolve([{ address: "10.0.0.1", ttl: 60 }]);
    await platform.advance(100_000);
    expect(told).toEqual([]);
    expect(platform.timers).toBe(0);
    expect(platform.asked.length).toBe(2);
  });
});

describe("a source that pushes", () => {
  const FILE = { hosts: { kind: "file", path: "/run/hosts.yaml" }, dns: V4_ONLY } as const;

  test("is waited for, and its sets take the place of those before", async () => {
    const { discovery, pushed, told } = discover(cluster([], FILE));
    discovery.start();
    let ready = false;
    const waited = discovery.ready.then(() => {
      ready = true;
    });
    await settle();
    expect(ready).toBe(false);
    pushed.sink!.set([endpoint("10.0.0.1:80"), endpoint("10.0.0.2:80")]);
    expect(labels(discovery.hosts)).toEqual(["10.0.0.1", "10.0.0.2"]);
    await waited;
    const [first] = discovery.hosts;
    pushed.sink!.set([endpoint("10.0.0.1:80", { priority: 1 })]);
    expect(discovery.hosts).toEqual([first!]);
    expect(first!.endpoint.priority).toBe(1);
    expect(labels(told.at(-1)!.gone)).toEqual(["10.0.0.2"]);
  });

  test("with nothing to tell is waited for no longer, and an empty set takes all hosts away", async () => {
    const { discovery, pushed } = discover(cluster([], FILE));
    discovery.start();
    pushed.sink!.lacking();
    await discovery.ready;
    expect(discovery.hosts).toEqual([]);
    pushed.sink!.set([endpoint("10.0.0.1:80")]);
    pushed.sink!.lacking();
    expect(labels(discovery.hosts)).toEqual(["10.0.0.1"]);
    pushed.sink!.set([]);
    expect(discovery.hosts).toEqual([]);
  });

  test("may tell names: the set in force stays until they have answered", async () => {
    const { discovery, pushed, platform } = discover(cluster([], FILE));
    discovery.start();
    pushed.sink!.set([endpoint("10.0.0.1:80")]);
    const answer = Promise.withResolvers<{ address: string; ttl: number }[]>();
    platform.dns = () => answer.promise;
    pushed.sink!.set([endpoint("app.test:80")]);
    await settle();
    expect(labels(discovery.hosts)).toEqual(["10.0.0.1"]);
    answer.resolve([{ address: "10.0.0.2", ttl: 60 }]);
    await settle();
    expect(labels(discovery.hosts)).toEqual(["10.0.0.2"]);
  });

  test("stays over a config that leaves it alone, and gives way to another, which is waited for", async () => {
    const { discovery, pushed, platform } = discover(cluster([], FILE));
    discovery.start();
    pushed.sink!.set([endpoint("10.0.0.1:80")]);
    await discovery.update(cluster([], { ...FILE, connectTimeoutMs: 1 }));
    expect(pushed.opened).toBe(1);
    const before = pushed.sink!;
    const updated = discovery.update(cluster([], { hosts: { kind: "srv", name: "_http._tcp.app.test" }, dns: V4_ONLY }));
    before.set([endpoint("10.0.0.9:80")]);
    expect(labels(discovery.hosts)).toEqual(["10.0.0.1"]);
    expect(pushed.sink).toBeNull();
    await updated;
    expect(platform.asked).toEqual(["srv _http._tcp.app.test @0"]);
    expect(labels(discovery.hosts)).toEqual(["10.0.0.1"]);
  });

  test("is heard no more after the close", () => {
    const { discovery, pushed, told } = discover(cluster([], FILE));
    discovery.start();
    const sink = pushed.sink!;
    discovery.close();
    sink.set([endpoint("10.0.0.1:80")]);
    sink.lacking();
    expect(told).toEqual([]);
  });
});

describe("SRV", () => {
  const SRV = { hosts: { kind: "srv", name: "_http._tcp.app.test" }, dns: V4_ONLY } as const;
  const record = (target: string, more = {}) => ({ target, port: 8080, priority: 0, weight: 1, ttl: 60, ...more });

  test("records become hosts: ports, levels and weights, and targets' addresses", async () => {
    const { discovery, platform } = discover(cluster([], SRV));
    platform.srv = () => [record("b.app.test", { priority: 20, weight: 7 }), record("A.app.test", { priority: 10, weight: 3 })];
    platform.dns = (name) => [{ address: name.startsWith("a.") ? "10.0.0.1" : "10.0.0.2", ttl: 60 }];
    discovery.start();
    await discovery.ready;
    expect(discovery.hosts.map((h) => `${h.authority} ${h.label} ${h.endpoint.priority} ${h.endpoint.weight}`)).toEqual([
      "a.app.test:8080 10.0.0.1:8080 0 3",
      "b.app.test:8080 10.0.0.2:8080 1 7",
    ]);
  });

  test("a target that vanishes goes, and the name's failure changes nothing", async () => {
    const { discovery, platform, told } = discover(cluster([], SRV));
    platform.srv = () => [record("a.test"), record("b.test")];
    platform.dns = (name) => [{ address: name === "a.test" ? "10.0.0.1" : "10.0.0.2", ttl: 600 }];
    discovery.start();
    await discovery.ready;
    platform.srv = () => [record("b.test")];
    await platform.advance(48_000);
    expect(labels(told.at(-1)!.gone)).toEqual(["10.0.0.1"]);
    platform.srv = () => dnsError("ESERVFAIL");
    await platform.advance(600_000);
    expect(labels(discovery.hosts)).toEqual(["10.0.0.2"]);
  });
});
