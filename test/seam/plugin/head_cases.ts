import { expect } from "bun:test";
import type { Act, Told } from "./behaviour.ts";
import { noted, once, type PluginCase, sent } from "./case.ts";

const POST = { method: "POST", body: ["some", " words"] } as const;
const FAILED = { kind: "closed", status: 502 } as const;

function heads(act: Act): { requestHead(): Act } {
  return { requestHead: () => act };
}

/** Which of the two homes' words for a fault a request ends with. */
const REFUSED: readonly Act[] = [
  { path: "no-path" },
  { path: "/a b" },
  { path: "/a#b" },
  { path: "/a\r\nx: y" },
  { method: "A B" },
  { method: "" },
  { method: "CONNECT" },
  { authority: "a b" },
  { authority: "user@a" },
  { authority: "" },
];

export const headCases: readonly PluginCase[] = [
  {
    name: "a head is told as it is",
    run: async (bench) => {
      const told: Told[] = [];
      const b = { requestHead: (t: Told) => noted(told, t, {}) };
      const a = {
        method: "PUT",
        path: "/p%41?q=%20#".slice(0, -1),
        fields: [
          ["x-a", "1"],
          ["x-a", "\xe92"],
        ] as const,
        body: ["x"],
      };
      const { request } = await once(bench, b, a, {});
      expect(told).toHaveLength(1);
      expect(told[0]).toMatchObject({ method: "PUT", scheme: "http", authority: "a.example", path: "/pA?q=%20", end: false });
      expect(told[0]!.fields.filter(([n]) => n === "x-a")).toEqual([
        ["x-a", "1"],
        ["x-a", "\xe92"],
      ]);
      expect(told[0]!.attributes).toEqual({ "client.address": "127.0.0.1", listener: "web", route: "all" });
      expect([request!.method, request!.target, request!.body]).toEqual(["PUT", "/pA?q=%20", "x"]);
    },
  },
  {
    name: "a head without a body says so",
    run: async (bench) => {
      const ends: boolean[] = [];
      await once(bench, { requestHead: (t) => noted(ends, t.end, {}) }, {}, {});
      expect(ends).toEqual([true]);
    },
  },
  {
    name: "nothing changed changes nothing",
    run: async (bench) => {
      const { request, seen } = await once(bench, heads({}), POST, { seen: { body: "hello" } });
      expect(request!.body).toBe("some words");
      expect(seen.fields["x-origin"]).toBe("1");
    },
  },
  {
    name: "fields are set, added and removed, in their order",
    run: async (bench) => {
      const act: Act = {
        fields: [
          ["set", "x-set", "1"],
          ["add", "x-set", "2"],
          ["add", "x-old", "new"],
          ["remove", "x-gone"],
          ["set", "X-Case", "\xe9"],
          ["add", "x-tmp", "1"],
          ["remove", "x-tmp"],
          ["set", "x-empty", ""],
        ],
      };
      const fields = [
        ["x-set", "0"],
        ["x-set", "00"],
        ["x-old", "old"],
        ["x-gone", "1"],
        ["x-gone", "2"],
      ] as const;
      const { request } = await once(bench, heads(act), { fields }, {});
      const names = ["x-set", "x-old", "x-gone", "x-case", "x-tmp", "x-empty"];
      expect(names.map((n) => sent(request, n))).toEqual(["1, 2", "old, new", undefined, "\xe9", undefined, ""]);
    },
  },
  {
    name: "a method and a path are changed, and normalised",
    run: async (bench) => {
      const { request } = await once(bench, heads({ method: "PATCH", path: "/a/../b?c=d/../e" }), POST, {});
      expect([request!.method, request!.target, request!.body]).toEqual(["PATCH", "/b?c=d/../e", "some words"]);
    },
  },
  {
    name: "an authority is changed, and Host with it",
    run: async (bench) => {
      const { request } = await once(bench, heads({ authority: "b.example:81" }), {}, {});
      expect(sent(request, "host")).toBe("b.example:81");
    },
  },
  {
    name: "an authority that is not granted is refused",
    run: async (bench) => {
      for (const act of [{ authority: "b.example" }, { fields: [["set", "host", "b.example"]] }] as Act[])
        await once(bench, heads(act), {}, { seen: { status: 503 }, asked: 0, flags: "FF" }, { grants: "clusters: [other]" });
    },
  },
  {
    name: "what no request may be is refused, and nothing of it is done",
    run: async (bench) => {
      for (const act of REFUSED) {
        const seam = await bench.start(heads({ ...act, metadata: { seen: { a: 1 } } }));
        const { status } = await bench.ask(seam, {});
        expect([act, status >= 500, seam.requests.length]).toEqual([act, true, 0]);
        expect(seam.done[0]!.metadata).toBe(null);
        expect(seam.active).toEqual([0, 0, 0, 0]);
      }
    },
  },
  {
    name: "a value that no field may hold never goes on",
    run: async (bench) => {
      for (const value of ["a\r\nx-evil: 1", "a\nx-evil: 1", "a\0", "\u010d\u010ax-evil: 1", " a", "a\t"]) {
        const seam = await bench.start(heads({ fields: [["set", "x-a", value]] }));
        const { status } = await bench.ask(seam, {});
        expect([value, status >= 500, seam.requests.length]).toEqual([value, true, 0]);
      }
    },
  },
  {
    name: "fields of framing can't be set: the call fails",
    run: async (bench) => {
      for (const name of ["content-length", "Transfer-Encoding", "connection", "te", "trailer", "upgrade", "keep-alive", ":path"])
        for (const change of [
          ["set", name, "1"],
          ["add", name, "1"],
          ["remove", name],
        ] as const)
          await once(bench, heads({ fields: [change] }), POST, { seen: { status: 503 }, asked: 0, flags: "FF" });
    },
  },
  {
    name: "whatever is written of framing, the upstream gets one message with its one length",
    run: async (bench) => {
      for (const change of [
        ["set", "content-length", "3"],
        ["add", "content-length", "3"],
        ["set", "transfer-encoding", "chunked"],
        ["set", "connection", "x-a"],
        ["set", "upgrade", "websocket"],
      ] as const) {
        const seam = await bench.start(heads({ fields: [change] }), { onFailure: { kind: "open" } });
        const seen = await bench.ask(seam, POST);
        expect([change, seen.status]).toEqual([change, 200]);
        const [request] = seam.requests;
        expect([change, request!.body, seam.requests.length]).toEqual([change, "some words", 1]);
        expect([sent(request, "content-length"), sent(request, "transfer-encoding")].filter((v) => v !== undefined)).toHaveLength(
          1,
        );
        expect([change, sent(request, "upgrade")]).toEqual([change, undefined]);
      }
    },
  },
  {
    name: "a body is put where there was none",
    run: async (bench) => {
      const { request } = await once(bench, heads({ method: "POST", body: "a new\0body\xff" }), {}, {});
      expect([request!.method, request!.body, sent(request, "content-length")]).toEqual(["POST", "a new\0body\xff", "11"]);
    },
  },
  {
    name: "a body takes the place of the one that comes",
    run: async (bench) => {
      for (const a of [POST, { ...POST, trailers: [["x-sum", "1"]] as const }]) {
        const { request } = await once(bench, heads({ body: "in its place" }), a, {});
        expect([request!.body, sent(request, "content-length"), request!.trailers]).toEqual(["in its place", "12", []]);
      }
    },
  },
  {
    name: "metadata is told to those behind and to the log, and replaces what was there",
    run: async (bench) => {
      const records: Record<string, unknown>[] = [];
      const replies: unknown[] = [];
      const metadata = { seen: { user: "ann", n: [1] } };
      const b = {
        requestHead: (): Act => ({ metadata: { seen: { other: 1 } } }),
        requestBody: { mode: "buffered" as const, limit: 100, whole: (): Act => ({ metadata }) },
        responseHead: (t: Told): Act => noted(replies, t.attributes["metadata.seen"], {}),
        log: (r: Record<string, unknown>) => void records.push(r),
      };
      const { seam } = await once(bench, b, POST, { metadata: { user: "ann", n: [1] } });
      await seam.advance(100);
      expect(replies).toEqual([metadata.seen]);
      expect(records.map((r) => r["metadata.seen"])).toEqual([metadata.seen]);
    },
  },
  {
    name: "metadata of an answer that ends the exchange is told as well",
    run: async (bench) => {
      const metadata = { seen: { why: "no" } };
      await once(
        bench,
        heads({ metadata, respond: { status: 403 } }),
        {},
        {
          seen: { status: 403 },
          asked: 0,
          metadata: metadata.seen,
        },
      );
      await once(
        bench,
        heads({ metadata, redirect: { location: "/x" } }),
        {},
        {
          seen: { status: 302 },
          asked: 0,
          metadata: metadata.seen,
        },
      );
      await once(
        bench,
        heads({ metadata, reset: true }),
        {},
        {
          seen: { status: 0, whole: false },
          asked: 0,
          flags: "FR",
          metadata: metadata.seen,
        },
      );
      const refuse = { responseHead: (): Act => ({ metadata, respond: { status: 502 } }) };
      await once(bench, refuse, {}, { seen: { status: 502 }, metadata: metadata.seen });
    },
  },
  {
    name: "a timeout gets shorter, and never longer",
    run: async (bench) => {
      const silent = { origin: () => null, route: ", timeout: 10s" };
      const late = { seen: { status: 504 }, flags: "UT" };
      await once(bench, heads({ timeoutMs: 1000 }), { waitMs: 1100 }, late, silent);
      await once(bench, heads({ timeoutMs: 60_000 }), { waitMs: 10_100 }, late, silent);
    },
  },
  {
    name: "another cluster is where it goes",
    run: async (bench) => {
      const { seam } = await once(bench, heads({ cluster: "other" }), POST, {});
      expect(seam.requests[0]!.port).toBe(9003);
    },
  },
  {
    name: "a cluster that is not granted is refused",
    run: async (bench) => {
      for (const cluster of ["app", "nowhere"])
        await once(bench, heads({ cluster }), {}, { seen: { status: 503 }, asked: 0, flags: "FF" });
    },
  },
  {
    name: "a host is where it goes, where it can be picked",
    run: async (bench) => {
      for (const [host, ports] of [
        ["127.0.0.1:9002", [9002, 9002, 9002]],
        ["127.0.0.1:1", [9001, 9002, 9001]],
        ["nonsense", [9001, 9002, 9001]],
      ] as const) {
        const seam = await bench.start(heads({ host }));
        for (let i = 0; i < 3; i++) expect((await bench.ask(seam, {})).status).toBe(200);
        const got = seam.requests.map((r) => r.port);
        expect([host, ports[0] === ports[1] ? got : new Set(got)]).toEqual([
          host,
          ports[0] === ports[1] ? [...ports] : new Set(ports),
        ]);
      }
    },
  },
  {
    name: "a request is answered",
    run: async (bench) => {
      const respond = {
        status: 418,
        fields: [
          ["x-from", "plugin"],
          ["content-type", "a/b"],
        ],
        body: "short\0\xff",
      } as const;
      const { seen } = await once(bench, heads({ respond }), POST, { seen: { status: 418, body: "short\0\xff" }, asked: 0 });
      expect(seen.fields).toMatchObject({ "x-from": "plugin", "content-type": "a/b", "content-length": "7" });
    },
  },
  {
    name: "a request is answered without a body, and where there can be none",
    run: async (bench) => {
      const empty = await once(bench, heads({ respond: { status: 200 } }), {}, { seen: { body: "" }, asked: 0 });
      // Over HTTP/2 the head itself says that there is none.
      if (bench.protocol === "h1") expect(empty.seen.fields["content-length"]).toBe("0");
      for (const [method, status] of [
        ["GET", 204],
        ["GET", 304],
        ["HEAD", 200],
      ] as const) {
        const { seen } = await once(
          bench,
          heads({ respond: { status, body: "no place for it" } }),
          { method },
          {
            seen: { status, body: "" },
            asked: 0,
          },
        );
        if (status === 204) expect(seen.fields["content-length"]).toBeUndefined();
      }
    },
  },
  {
    name: "a request is redirected",
    run: async (bench) => {
      const { seen } = await once(
        bench,
        heads({ redirect: { location: "/elsewhere?a=b" } }),
        {},
        {
          seen: { status: 302, body: "" },
          asked: 0,
        },
      );
      expect(seen.fields["location"]).toBe("/elsewhere?a=b");
      await once(bench, heads({ redirect: { location: "https://b.example/", status: 308 } }), POST, {
        seen: { status: 308 },
        asked: 0,
      });
    },
  },
  {
    name: "a stream is reset",
    run: async (bench) => {
      for (const a of [{}, POST])
        await once(bench, heads({ reset: true }), a, { seen: { status: 0, whole: false }, asked: 0, flags: "FR" });
    },
  },
  {
    name: "an answer is kept, and holds for requests of its key",
    run: async (bench) => {
      let calls = 0;
      const cache = { key: ["method", "field:x-user"], ttlMs: 1000 };
      const b = { requestHead: (): Act => ({ fields: [["set", "x-n", String(++calls)]], metadata: { seen: { calls } }, cache }) };
      const seam = await bench.start(b);
      const n = async (user: string, method = "GET"): Promise<string | undefined> => {
        await bench.ask(seam, { method, fields: [["x-user", user]] });
        return sent(seam.requests.at(-1), "x-n");
      };
      expect([await n("ann"), await n("ann"), await n("bob"), await n("ann"), await n("ann", "DELETE")]).toEqual([
        "1",
        "1",
        "2",
        "1",
        "3",
      ]);
      expect(seam.done.map((d) => d.metadata)).toEqual([1, 1, 2, 1, 3].map((c) => ({ calls: c })));
      await seam.advance(1001);
      expect(await n("ann")).toBe("4");
    },
  },
  {
    name: "a failed head goes on by the policy `open`",
    run: async (bench) => {
      const b = {
        requestHead: (): Act => ({ fails: "it broke" }),
        responseHead: (): Act => ({ fields: [["set", "x-never", "1"]] }),
      };
      const { request, seen } = await once(bench, b, POST, { flags: "FF" }, { onFailure: { kind: "open" } });
      // It hears no more of the request.
      expect([request!.body, seen.fields["x-never"] ?? ""]).toEqual(["some words", ""]);
    },
  },
  {
    name: "a failed head is answered with the policy's status",
    run: (bench) =>
      once(
        bench,
        heads({ fails: "it broke" }),
        POST,
        { seen: { status: 502 }, asked: 0, flags: "FF" },
        { onFailure: FAILED },
      ).then(() => {}),
  },
  {
    name: "a failed head costs its exchange alone",
    run: async (bench) => {
      const seam = await bench.start({ requestHead: (t) => (t.path === "/bad" ? { fails: "it broke" } : {}) });
      const [good, bad, again] = [await bench.ask(seam, {}), await bench.ask(seam, { path: "/bad" }), await bench.ask(seam, {})];
      expect([good.status, bad.status >= 500, again.status]).toEqual([200, true, 200]);
      expect(seam.active).toEqual([0, 0, 0, 0]);
    },
  },
  {
    name: "no answer in time is a failure",
    run: (bench) =>
      once(bench, heads({ hangs: true }), { waitMs: 250 }, { seen: { status: 503 }, asked: 0, flags: "FF" }).then(() => {}),
  },
  {
    name: "a client that goes away while an answer is awaited leaves nothing",
    run: async (bench) => {
      const seam = await bench.start(heads({ hangs: true }));
      await bench.ask(seam, { leaves: true }).catch(() => {});
      await seam.settled();
      expect([seam.requests.length, seam.done.length]).toEqual([0, 1]);
      expect(seam.active).toEqual([0, 0, 0, 0]);
    },
  },
];
