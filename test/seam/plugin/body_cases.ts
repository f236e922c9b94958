import { expect } from "bun:test";
import type { Act, Behaviour, Buffered, Out, Pairs, Streamed } from "./behaviour.ts";
import { chunked, noted, once, type PluginCase, reply, sent } from "./case.ts";

const POST = { method: "POST", body: ["some", " words"] } as const;
const TRAILED = { ...POST, trailers: [["x-sum", "1"]] } as const;
const OPEN = { onFailure: { kind: "open" } } as const;

function whole(f: (body: string, trailers: Pairs | null) => Act, limit = 1000): Buffered {
  return { mode: "buffered", limit, whole: f };
}

/** Of each piece what `f` makes of it, and the end with the end. */
function pieces(f: (b: string, end: boolean) => readonly Out[]): Streamed {
  return { mode: "streamed", open: () => ({ piece: (b, end) => [...f(b, end), ...(end ? [{ end: true } as const] : [])] }) };
}

const UPPER = pieces((b) => (b === "" ? [] : [{ write: b.toUpperCase() }]));

export const requestBodyCases: readonly PluginCase[] = [
  {
    name: "a buffered body is told whole, and goes on as it was",
    run: async (bench) => {
      const told: unknown[] = [];
      const b = { requestBody: whole((body, trailers) => noted(told, [body, trailers], {})) };
      const { request } = await once(bench, b, { ...POST, body: ["so\0me", " w\xff", "ords"] }, {});
      expect([told, request!.body]).toEqual([[["so\0me w\xffords", null]], "so\0me w\xffords"]);
    },
  },
  {
    name: "a buffered body is replaced, longer, shorter and by none",
    run: async (bench) => {
      for (const body of ["a much longer body than before", "x", ""]) {
        const { request } = await once(bench, { requestBody: whole(() => ({ body })) }, POST, {});
        expect([request!.body, sent(request, "content-length")]).toEqual([body, String(body.length)]);
      }
    },
  },
  {
    name: "the answer to a whole body still changes the head",
    run: async (bench) => {
      const act: Act = { method: "PUT", path: "/new", fields: [["set", "x-size", "10"]], cluster: "other" };
      const { seam, request } = await once(bench, { requestBody: whole(() => act) }, POST, {});
      expect([request!.method, request!.target, sent(request, "x-size"), request!.body]).toEqual([
        "PUT",
        "/new",
        "10",
        "some words",
      ]);
      expect(seam.requests[0]!.port).toBe(9003);
    },
  },
  {
    name: "a whole body may be answered, redirected and reset",
    run: async (bench) => {
      for (const [act, seen, flags] of [
        [{ respond: { status: 403, body: "no" } }, { status: 403, body: "no" }, ""],
        [{ redirect: { location: "/x", status: 307 } }, { status: 307 }, ""],
        [{ reset: true }, { status: 0, whole: false }, "FR"],
      ] as [Act, object, string][])
        await once(bench, { requestBody: whole(() => act) }, POST, { seen, asked: 0, flags });
    },
  },
  {
    name: "trailers of a buffered body are told, and go on behind it",
    run: async (bench) => {
      for (const act of [{}, { body: "other" }] as Act[]) {
        const told: unknown[] = [];
        const b = { requestBody: whole((_b, t) => noted(told, t, act)) };
        const { request } = await once(bench, b, TRAILED, {});
        expect([told, request!.body, request!.trailers]).toEqual([
          [[["x-sum", "1"]]],
          act.body ?? "some words",
          [["x-sum", "1"]],
        ]);
      }
    },
  },
  {
    name: "a buffered body beyond the limit is refused",
    run: async (bench) => {
      const calls: number[] = [];
      const b = { requestBody: whole(() => noted(calls, 1, {}), 9) };
      await once(bench, b, POST, { seen: { status: 413 }, asked: 0, flags: "BL" });
      await once(bench, b, { ...POST, body: ["123456789"] }, {});
      expect(calls.length).toBe(1);
    },
  },
  {
    name: "without a body its phase is left out",
    run: async (bench) => {
      const calls: number[] = [];
      await once(bench, { requestBody: whole(() => noted(calls, 1, {})) }, {}, {});
      expect(calls.length).toBe(0);
    },
  },
  {
    name: "a head's answer may leave the body's phase out",
    run: async (bench) => {
      for (const requestBody of [whole(() => ({ body: "never" })), UPPER] as const) {
        const { request } = await once(bench, { requestHead: () => ({ leavesBody: true }), requestBody }, POST, {});
        expect([request!.body, sent(request, "content-length")]).toEqual(["some words", "10"]);
      }
    },
  },
  {
    name: "a failed body goes on by the policy `open`",
    run: async (bench) => {
      const { request } = await once(bench, { requestBody: whole(() => ({ fails: "no" })) }, TRAILED, { flags: "FF" }, OPEN);
      expect([request!.body, request!.trailers]).toEqual(["some words", [["x-sum", "1"]]]);
    },
  },
  {
    name: "a streamed body is changed piece by piece, and is as long as it becomes",
    run: async (bench) => {
      for (const [f, wanted] of [
        [UPPER, "SOME WORDS"],
        [pieces((b) => (b === "" ? [] : [{ write: b }, { write: `<${b.length}>` }])), "some<4> words<6>"],
        [pieces((_b, end) => (end ? [{ write: "all at the end" }] : [])), "all at the end"],
        [pieces(() => []), ""],
      ] as const) {
        const { request } = await once(bench, { requestBody: f }, POST, {});
        expect([request!.body, sent(request, "content-length")]).toEqual([wanted, undefined]);
      }
    },
  },
  {
    name: "trailers of a streamed body go on, unless others are given",
    run: async (bench) => {
      const own: Streamed = {
        mode: "streamed",
        open: () => ({ piece: (b, end) => [{ write: b }, ...(end ? [{ end: true, trailers: [["x-own", "2"]] } as const] : [])] }),
      };
      const first = await once(bench, { requestBody: UPPER }, TRAILED, {});
      expect([first.request!.body, first.request!.trailers]).toEqual(["SOME WORDS", [["x-sum", "1"]]]);
      for (const a of [TRAILED, POST]) {
        const second = await once(bench, { requestBody: own }, a, {});
        expect([second.request!.body, second.request!.trailers]).toEqual(["some words", [["x-own", "2"]]]);
      }
    },
  },
  {
    name: "a streamed body may end early: what still comes is dropped",
    run: async (bench) => {
      const early: Streamed = { mode: "streamed", open: () => ({ piece: () => [{ write: "short" }, { end: true }] }) };
      const { request } = await once(bench, { requestBody: early }, { ...POST, body: ["a", "b", "c"] }, {});
      expect(request!.body).toBe("short");
    },
  },
  {
    name: "a streamed body may pass after all",
    run: async (bench) => {
      const pass: Streamed = { mode: "streamed", open: () => ({ piece: () => [{ pass: true }] }) };
      for (const a of [POST, TRAILED]) {
        const { request } = await once(bench, { requestBody: pass }, { ...a, body: ["a", "b", "c"] }, {});
        expect([request!.body, request!.trailers.length]).toEqual(["abc", a === TRAILED ? 1 : 0]);
      }
    },
  },
  {
    name: "a body of many pieces, larger than any window, comes whole",
    run: async (bench) => {
      const body = Array.from({ length: 64 }, (_, i) => String.fromCharCode(97 + (i % 26)).repeat(8192));
      const { request } = await once(bench, { requestBody: UPPER }, { method: "POST", body }, {});
      expect(request!.body === body.join("").toUpperCase()).toBe(true);
    },
  },
  {
    name: "a failed streamed body, of which nothing has gone, goes on by the policy `open`",
    run: async (bench) => {
      const fails: Streamed = { mode: "streamed", open: () => ({ piece: () => [{ fails: "no" }] }) };
      const { request } = await once(bench, { requestBody: fails }, POST, { flags: "FF" }, OPEN);
      expect(request!.body).toBe("some words");
    },
  },
  {
    name: "a streamed body that fails in its middle never reaches the upstream as a whole one",
    run: async (bench) => {
      const b: Behaviour = {
        requestBody: {
          mode: "streamed",
          open: () => {
            let n = 0;
            return { piece: (b) => (n++ === 0 ? [{ write: b }] : [{ fails: "no" }]) };
          },
        },
      };
      for (const o of [OPEN, {}]) {
        const seam = await bench.start(b, o);
        const { status } = await bench.ask(seam, { ...POST, body: ["a", "b", "c"] });
        expect([status >= 500 || status === 0, seam.requests.length]).toEqual([true, 0]);
        expect(seam.active).toEqual([0, 0, 0, 0]);
      }
    },
  },
];

function respondOf(body: Behaviour["responseBody"], more: Partial<Behaviour> = {}): Behaviour {
  return { ...more, ...(body === undefined ? {} : { responseBody: body }) };
}

const LONG = { origin: () => reply("some words", "Content-Type: text/plain") };
const CHUNKS = { origin: () => chunked(["some", " words"], "X-Sum: 1\r\n") };

export const responseBodyCases: readonly PluginCase[] = [
  {
    name: "a reply's buffered body is told whole, and goes on as it was",
    run: async (bench) => {
      for (const o of [LONG, CHUNKS]) {
        const told: unknown[] = [];
        const b = respondOf(whole((body, t) => noted(told, [body, t], {})));
        const { seen } = await once(bench, b, {}, { seen: { body: "some words" } }, o);
        expect(told).toEqual([["some words", o === CHUNKS ? [["x-sum", "1"]] : null]]);
        expect(seen.trailers).toEqual(o === CHUNKS ? { "x-sum": "1" } : {});
      }
    },
  },
  {
    name: "a reply's buffered body is replaced, with status and fields",
    run: async (bench) => {
      for (const body of ["a much longer body than before", "x", ""]) {
        const act: Act = {
          body,
          status: 299,
          fields: [
            ["set", "x-by", "plugin"],
            ["remove", "content-type"],
          ],
        };
        const { seen } = await once(bench, respondOf(whole(() => act)), {}, { seen: { status: 299, body } }, LONG);
        expect([seen.fields["content-length"], seen.fields["x-by"], seen.fields["content-type"] ?? ""]).toEqual([
          String(body.length),
          "plugin",
          "",
        ]);
      }
    },
  },
  {
    name: "a reply's whole body may be answered otherwise, and reset",
    run: async (bench) => {
      const respond = { status: 500, body: "no" };
      await once(bench, respondOf(whole(() => ({ respond }))), {}, { seen: respond }, LONG);
      const reset = respondOf(whole(() => ({ reset: true })));
      await once(bench, reset, {}, { seen: { status: 0, whole: false }, flags: "FR" }, LONG);
    },
  },
  {
    name: "a reply that can have no body, or has none, has no body's phase",
    run: async (bench) => {
      const calls: number[] = [];
      const b = respondOf(whole(() => noted(calls, 1, { body: "never" })));
      await once(bench, b, { method: "HEAD" }, {}, { origin: () => "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" });
      await once(bench, b, {}, { seen: { status: 204 } }, { origin: () => "HTTP/1.1 204 No\r\n\r\n" });
      await once(bench, b, {}, { seen: { status: 304 } }, { origin: () => "HTTP/1.1 304 No\r\n\r\n" });
      await once(bench, b, {}, {}, { origin: () => reply("") });
      expect(calls.length).toBe(0);
    },
  },
  {
    name: "a reply's streamed body is changed piece by piece, trailers go on",
    run: async (bench) => {
      const long = await once(bench, respondOf(UPPER), {}, { seen: { body: "SOME WORDS" } }, LONG);
      expect(long.seen.fields["content-length"]).toBeUndefined();
      const chunks = await once(bench, respondOf(UPPER), {}, { seen: { body: "SOME WORDS" } }, CHUNKS);
      expect(chunks.seen.trailers).toEqual({ "x-sum": "1" });
    },
  },
  {
    name: "a reply's streamed body may end early, with trailers of its own",
    run: async (bench) => {
      const early: Streamed = {
        mode: "streamed",
        open: () => ({ piece: () => [{ write: "short" }, { end: true, trailers: [["x-own", "2"]] }] }),
      };
      const { seen } = await once(bench, respondOf(early), {}, { seen: { body: "short" } }, CHUNKS);
      expect(seen.trailers).toEqual({ "x-own": "2" });
    },
  },
  {
    name: "a reply's streamed body may pass after all",
    run: async (bench) => {
      const pass: Streamed = { mode: "streamed", open: () => ({ piece: () => [{ pass: true }] }) };
      for (const o of [LONG, CHUNKS]) {
        const { seen } = await once(bench, respondOf(pass), {}, { seen: { body: "some words" } }, o);
        expect(seen.trailers).toEqual(o === CHUNKS ? { "x-sum": "1" } : {});
      }
    },
  },
  {
    name: "a reply's streamed body that fails in its middle is never a whole one",
    run: async (bench) => {
      const b = respondOf({
        mode: "streamed",
        open: () => {
          let n = 0;
          return { piece: (t) => (n++ === 0 && t !== "" ? [{ write: t }] : [{ fails: "no" }]) };
        },
      });
      const seam = await bench.start(b, CHUNKS);
      const seen = await bench.ask(seam, {});
      expect(seen.whole && seen.status === 200).toBe(false);
      expect(seam.active).toEqual([0, 0, 0, 0]);
    },
  },
  {
    name: "both directions at once, heads too",
    run: async (bench) => {
      const b: Behaviour = {
        requestHead: () => ({ fields: [["set", "x-a", "1"]] }),
        requestBody: UPPER,
        responseHead: () => ({ fields: [["set", "x-b", "2"]] }),
        responseBody: UPPER,
      };
      const o = { origin: (r: { readonly body: string }) => reply(`got ${r.body.toLowerCase()}`) };
      const { request, seen } = await once(bench, b, POST, { seen: { body: "GOT SOME WORDS" } }, o);
      expect([request!.body, sent(request, "x-a"), seen.fields["x-b"]]).toEqual(["SOME WORDS", "1", "2"]);
    },
  },
];
