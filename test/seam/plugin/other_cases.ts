import { expect } from "bun:test";
import type { Act, Choice, Told } from "./behaviour.ts";
import { chunked, noted, once, type PluginCase, reply } from "./case.ts";

const HOSTS = ["127.0.0.1:9001", "127.0.0.1:9002"];

export const replyHeadCases: readonly PluginCase[] = [
  {
    name: "a reply's head is told as it is",
    run: async (bench) => {
      const told: Told[] = [];
      const b = { responseHead: (t: Told) => noted(told, t, {}) };
      await once(
        bench,
        b,
        {},
        { seen: { status: 201 } },
        { origin: () => "HTTP/1.1 201 X\r\nX-A: 1\r\nX-A: \xe9\r\nContent-Length: 0\r\n\r\n" },
      );
      expect(told).toHaveLength(1);
      expect(told[0]).toMatchObject({ status: 201, end: true, attributes: { route: "all", cluster: "app" } });
      expect(told[0]!.fields.filter(([n]) => n === "x-a").map(([, v]) => v)).toEqual(["1", "\xe9"]);
    },
  },
  {
    name: "a reply's status and fields are changed",
    run: async (bench) => {
      const act: Act = {
        status: 207,
        fields: [
          ["set", "x-origin", "2"],
          ["add", "x-new", "a"],
          ["add", "x-new", "b"],
          ["remove", "x-gone"],
        ],
      };
      const o = { origin: () => reply("hello", "X-Origin: 1", "X-Gone: 1") };
      const { seen } = await once(bench, { responseHead: () => act }, {}, { seen: { status: 207, body: "hello" } }, o);
      expect(seen.fields).toMatchObject({ "x-origin": "2", "x-new": "a, b", "content-length": "5" });
      expect(seen.fields["x-gone"]).toBeUndefined();
    },
  },
  {
    name: "a status that can have no body takes the body with it",
    run: async (bench) => {
      const { seen } = await once(bench, { responseHead: () => ({ status: 204 }) }, {}, { seen: { status: 204, body: "" } });
      expect(seen.fields["content-length"]).toBeUndefined();
    },
  },
  {
    name: "a reply is another one, or a redirect, or none",
    run: async (bench) => {
      const respond = { status: 502, fields: [["x-from", "plugin"]], body: "instead" } as const;
      const { seen } = await once(bench, { responseHead: () => ({ respond }) }, {}, { seen: { status: 502, body: "instead" } });
      expect([seen.fields["x-from"], seen.fields["x-origin"] ?? ""]).toEqual(["plugin", ""]);
      await once(bench, { responseHead: () => ({ redirect: { location: "/x" } }) }, {}, { seen: { status: 302 } });
      await once(bench, { responseHead: () => ({ reset: true }) }, {}, { seen: { status: 0, whole: false }, flags: "FR" });
    },
  },
  {
    name: "a body is put where a reply had none",
    run: async (bench) => {
      const o = { origin: () => reply("") };
      const { seen } = await once(bench, { responseHead: () => ({ body: "put there" }) }, {}, { seen: { body: "put there" } }, o);
      expect(seen.fields["content-length"]).toBe("9");
    },
  },
  {
    name: "a reply's body is another one from its head on",
    run: async (bench) => {
      for (const origin of [() => reply("hello"), () => chunked(["hel", "lo"], "X-Sum: 1\r\n")]) {
        const b = { responseHead: (): Act => ({ body: "in its place" }) };
        const { seen } = await once(bench, b, {}, { seen: { body: "in its place", trailers: {} } }, { origin });
        expect(seen.fields["content-length"]).toBe("12");
      }
    },
  },
  {
    name: "a reply's value that no field may hold never goes on",
    run: async (bench) => {
      for (const value of ["a\r\nx-evil: 1", "a\0", "\u010d\u010ax-evil: 1", " a", "a\t"]) {
        const seam = await bench.start({ responseHead: () => ({ fields: [["set", "x-a", value]] }) });
        const seen = await bench.ask(seam, {});
        expect([value, seen.status >= 500, seen.fields["x-evil"] ?? ""]).toEqual([value, true, ""]);
      }
    },
  },
  {
    name: "Weir's own replies are seen as well",
    run: async (bench) => {
      const told: number[] = [];
      const b = { responseHead: (t: Told): Act => noted(told, t.status, { fields: [["set", "x-seen", "1"]] }) };
      const seam = await bench.start(b, { origin: () => null, route: ", timeout: 1s" });
      const seen = await bench.ask(seam, { waitMs: 1100 });
      expect([seen.status, seen.fields["x-seen"], told]).toEqual([504, "1", [504]]);
    },
  },
  {
    name: "its own answer comes back through its reply's phases",
    run: async (bench) => {
      const b = {
        requestHead: (): Act => ({ respond: { status: 401, body: "no" } }),
        responseHead: (t: Told): Act => ({ fields: [["set", "x-status", String(t.status)]] }),
      };
      const { seen } = await once(bench, b, {}, { seen: { status: 401, body: "no" }, asked: 0 });
      expect(seen.fields["x-status"]).toBe("401");
    },
  },
  {
    name: "a reply's failed head goes on by the policy `open`",
    run: (bench) =>
      once(
        bench,
        { responseHead: () => ({ fails: "no" }) },
        {},
        { seen: { body: "hello" }, flags: "FF" },
        { onFailure: { kind: "open" } },
      ).then(() => {}),
  },
  {
    name: "a reply's failed head is answered with the policy's status",
    run: (bench) =>
      once(
        bench,
        { responseHead: () => ({ fails: "no" }) },
        {},
        { seen: { status: 502 }, flags: "FF" },
        { onFailure: { kind: "closed", status: 502 } },
      ).then(() => {}),
  },
];

export const choiceCases: readonly PluginCase[] = [
  {
    name: "a host is chosen of those that there are",
    run: async (bench) => {
      const told: Choice[] = [];
      const seam = await bench.start({
        chooseHost: (c) => noted(told, { cluster: c.cluster, attempt: c.attempt, hosts: [...c.hosts] }, HOSTS[1]!),
      });
      for (let i = 0; i < 3; i++) expect((await bench.ask(seam, { method: "POST", body: ["b"] })).status).toBe(200);
      expect(seam.requests.map((r) => [r.port, r.body])).toEqual([
        [9002, "b"],
        [9002, "b"],
        [9002, "b"],
      ]);
      expect(told[0]).toMatchObject({ cluster: "app", attempt: 1 });
      expect(told[0]!.hosts.map((h) => [h.address, h.weight, h.active])).toEqual(HOSTS.map((a) => [a, 1, 0]));
    },
  },
  {
    name: "none, or one that can't be picked, leaves it to the cluster's policy",
    run: async (bench) => {
      for (const said of [null, "127.0.0.1:1", "nonsense", ""]) {
        const seam = await bench.start({ chooseHost: () => said });
        for (let i = 0; i < 2; i++) expect((await bench.ask(seam, {})).status).toBe(200);
        expect(new Set(seam.requests.map((r) => r.port))).toEqual(new Set([9001, 9002]));
      }
    },
  },
  {
    name: "a retry asks again, with its number and without the host that was tried",
    run: async (bench) => {
      const told: [number, number][] = [];
      const b = { chooseHost: (c: Choice) => noted(told, [c.attempt, c.hosts.length], c.hosts[0]!.address) };
      const route = ', retry: { attempts: 1, on: ["503"], otherHost: true, backoff: { base: 10ms } }';
      let n = 0;
      const origin = () => (n++ === 0 ? "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n" : reply("second"));
      const a = { method: "PUT", body: ["b"], waitMs: 200 };
      const { seam } = await once(bench, b, a, { seen: { body: "second" }, asked: 2 }, { route, origin });
      expect([told, seam.requests.map((r) => r.port)]).toEqual([
        [
          [1, 2],
          [2, 1],
        ],
        [9001, 9002],
      ]);
    },
  },
  {
    name: "the host that a head's answer names is asked for where the choice names none",
    run: async (bench) => {
      const seam = await bench.start({ requestHead: () => ({ host: HOSTS[1]! }), chooseHost: () => null });
      for (let i = 0; i < 3; i++) await bench.ask(seam, {});
      expect(seam.requests.map((r) => r.port)).toEqual([9002, 9002, 9002]);
    },
  },
  {
    name: "a failed choice goes on by the policy `open`",
    run: (bench) =>
      once(bench, { chooseHost: () => ({ fails: "no" }) }, {}, { flags: "FF" }, { onFailure: { kind: "open" } }).then(() => {}),
  },
  {
    name: "a failed choice is answered with the policy's status",
    run: (bench) =>
      once(
        bench,
        { chooseHost: () => ({ fails: "no" }) },
        {},
        { seen: { status: 502 }, asked: 0, flags: "FF" },
        { onFailure: { kind: "closed", status: 502 } },
      ).then(() => {}),
  },
];

export const otherCases: readonly PluginCase[] = [
  {
    name: "what has ended is told, once each, whatever became of it",
    run: async (bench) => {
      const records: Record<string, unknown>[] = [];
      const b = {
        requestHead: (t: Told): Act =>
          t.path === "/no" ? { respond: { status: 403 } } : t.path === "/reset" ? { reset: true } : {},
        log: (r: Record<string, unknown>) => void records.push(r),
      };
      const seam = await bench.start(b);
      for (const path of ["/yes", "/no", "/reset"]) await bench.ask(seam, { path });
      await seam.advance(100);
      expect(records.map((r) => [r["method"], r["path"], r["status"] ?? 0, r["route"], r["cluster"] ?? ""])).toEqual([
        ["GET", "/yes", 200, "all", "app"],
        ["GET", "/no", 403, "all", ""],
        ["GET", "/reset", 0, "all", ""],
      ]);
    },
  },
  {
    name: "one that has the log's phase alone sees nothing else",
    run: async (bench) => {
      const records: Record<string, unknown>[] = [];
      const { seam } = await once(bench, { log: (r) => void records.push(r) }, { method: "POST", body: ["b"] }, {});
      await seam.advance(100);
      expect(records.map((r) => r["status"])).toEqual([200]);
    },
  },
  {
    name: "ticks come as often as they are asked for",
    run: async (bench) => {
      const times: number[] = [];
      const seam = await bench.start({ requestHead: () => ({}), tick: { everyMs: 200, tick: (t) => void times.push(t) } });
      await seam.advance(1000);
      expect(times.length).toBe(5);
      expect(times.map((t) => t - times[0]!)).toEqual([0, 200, 400, 600, 800]);
    },
  },
];
