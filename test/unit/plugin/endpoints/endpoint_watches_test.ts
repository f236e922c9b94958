import { describe, expect, test } from "bun:test";
import { EndpointWatches, type WatchedProcess } from "../../../../src/plugin/endpoints/endpoint_watches.ts";

function fakeProcess(): WatchedProcess & { take(): string[] } {
  const sent: string[] = [];
  return {
    link: { notify: (method, params) => void sent.push(`${method} ${params}`) },
    take: () => sent.splice(0),
  };
}

function watch(cluster: string): { cluster: string; config: string; heard: unknown[]; told(v: unknown): void } {
  const heard: unknown[] = [];
  return { cluster, config: "null", heard, told: (v) => void heard.push(v) };
}

describe("what is watched", () => {
  test("is told to one process, and to the next one when that goes", () => {
    const watches = new EndpointWatches();
    const [a, b] = [fakeProcess(), fakeProcess()];
    const api = watches.add(watch("api"));
    expect(api).toBe(1);
    watches.hold(a);
    watches.add(watch("web"));
    expect(a.take()).toEqual([
      'watchEndpoints {"watch":1,"cluster":"api","config":null}',
      'watchEndpoints {"watch":2,"cluster":"web","config":null}',
    ]);
    watches.remove(api);
    expect(a.take()).toEqual(['unwatchEndpoints {"watch":1}']);
    watches.hold(b);
    watches.hold(b);
    expect([a.take(), b.take()]).toEqual([
      ['unwatchEndpoints {"watch":2}'],
      ['watchEndpoints {"watch":2,"cluster":"web","config":null}'],
    ]);
    watches.hold(null);
    expect([b.take(), watches.size, watches.holder]).toEqual([['unwatchEndpoints {"watch":2}'], 1, null]);
  });

  test("has numbers that others at the same process have not", () => {
    const watches = new EndpointWatches((n) => 5 + 8 * n);
    const p = fakeProcess();
    watches.hold(p);
    const [api, web] = [watch("api"), watch("web")];
    expect([watches.add(api), watches.add(web)]).toEqual([5, 13]);
    watches.heard(p, { watch: 13, endpoints: [] });
    watches.heard(p, { watch: 6, endpoints: [] });
    expect([api.heard.length, web.heard.length]).toEqual([0, 1]);
  });

  test("is heard from that process alone, as long as it is watched", () => {
    const watches = new EndpointWatches();
    const [a, b] = [fakeProcess(), fakeProcess()];
    const w = watch("api");
    const number = watches.add(w);
    watches.hold(a);
    watches.heard(a, { watch: number, endpoints: [] });
    watches.heard(b, { watch: number, endpoints: ["of another"] });
    watches.heard(a, { watch: 9, endpoints: ["of none"] });
    watches.heard(a, { watch: String(number), endpoints: ["no number"] });
    watches.heard(a, { watch: number });
    expect(w.heard).toEqual([[], undefined]);
    watches.remove(number);
    watches.heard(a, { watch: number, endpoints: ["late"] });
    expect(w.heard.length).toBe(2);
  });
});
