import { afterAll, describe, expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { knownText } from "../../../src/exchange/known_text.ts";
import { LazyRequest, realRequest } from "../../../src/exchange/lazy_request.ts";
import { prepareWebGlobals, type WebGlobals } from "../../../src/exchange/web_globals.ts";

const { Request, Response, fetch } = globalThis;
const { json } = Response;
const g: WebGlobals = { Request, Response, fetch };
prepareWebGlobals(g);

afterAll(() => {
  Response.json = json;
});

function lazy(method = "GET"): { r: Request; abort: AbortController; made: string[] } {
  const abort = new AbortController();
  const made: string[] = [];
  const source = {
    method,
    url: "http://a.example/x?y=1",
    body: null,
    get signal() {
      made.push("signal");
      return abort.signal;
    },
    makeHeaders: () => {
      made.push("headers");
      return new Headers({ accept: "text/plain", "x-a": "1" });
    },
  };
  return { r: new LazyRequest(source) as unknown as Request, abort, made };
}

describe("what stands for a request", () => {
  test("is one, and makes nothing for what most handlers ask", () => {
    const { r, made } = lazy("DELETE");
    expect(r instanceof Request).toBe(true);
    expect(r instanceof g.Request).toBe(true);
    expect(Object.prototype.toString.call(r)).toBe("[object Request]");
    expect([r.method, r.url, r.body, r.bodyUsed]).toEqual(["DELETE", "http://a.example/x?y=1", null, false]);
    expect(made).toEqual([]);
  });

  test("has headers that stay the same and can be changed", () => {
    const { r, made } = lazy();
    expect(r.headers.get("accept")).toBe("text/plain");
    r.headers.set("x-a", "2");
    expect(r.headers).toBe(r.headers);
    expect(made).toEqual(["headers"]);
    expect(r.clone().headers.get("x-a")).toBe("2");
    expect(r.headers.get("x-a")).toBe("2");
    expect(new g.Request(r).headers.get("x-a")).toBe("2");
  });

  test("has all members that a request has here", async () => {
    const { r } = lazy();
    const real = new Request("http://a.example/x?y=1", { headers: { accept: "text/plain", "x-a": "1" } });
    for (const key of Reflect.ownKeys(Request.prototype)) {
      const { get } = Object.getOwnPropertyDescriptor(Request.prototype, key)!;
      if (get === undefined || key === "signal" || key === "headers") continue;
      expect([key, Reflect.get(r, key)]).toEqual([key, Reflect.get(real, key)]);
    }
    expect(await r.text()).toBe("");
    expect((await r.arrayBuffer()).byteLength).toBe(0);
    expect((await r.clone().blob()).size).toBe(0);
    expect(inspect(r)).toBe(inspect(realRequest(r)));
    expect(inspect(r)).toStartWith("Request {");
  });

  test("is taken where the runtime wants its own", async () => {
    const asked: string[] = [];
    const server = createServer((q, s) => {
      asked.push(`${q.method} ${q.url} ${q.headers["x-a"]}`);
      s.end("ok");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/there`;
    const source = {
      method: "PUT",
      url,
      body: null,
      signal: new AbortController().signal,
      makeHeaders: () => new Headers({ "x-a": "1" }),
    };
    const r = new LazyRequest(source) as unknown as Request;
    expect(await (await g.fetch(r)).text()).toBe("ok");
    expect(await (await g.fetch(url, r)).text()).toBe("ok");
    expect(await (await g.fetch(new g.Request(url, r))).text()).toBe("ok");
    expect(asked).toEqual(["PUT /there 1", "PUT /there 1", "PUT /there 1"]);
    server.close();
  });

  test("gives its signal on", () => {
    const { r, abort } = lazy();
    const copy = new g.Request(r);
    expect([r.signal.aborted, copy.signal.aborted]).toEqual([false, false]);
    abort.abort(new Error("gone"));
    expect([r.signal.aborted, copy.signal.aborted]).toEqual([true, true]);
    expect(r.signal).toBe(abort.signal);
  });
});

describe("what replies are made with", () => {
  test("keeps the text that it was given", async () => {
    const r = new g.Response("text", { status: 201, headers: { "x-a": "1" } });
    expect(knownText(r)).toBe("text");
    expect([r.status, r.headers.get("x-a"), await r.text()]).toEqual([201, "1", "text"]);
    expect(knownText(r)).toBeNull();
  });

  test("and nothing else", () => {
    for (const body of [null, undefined, new Uint8Array(2), new Blob(["x"]), new URLSearchParams("a=1"), new FormData()])
      expect(knownText(new g.Response(body))).toBeNull();
    expect(knownText(new Response("by the runtime's own"))).toBeNull();
    expect(knownText(new g.Response("a").clone())).toBeNull();
    expect(knownText(new g.Response(new g.Response("a").body))).toBeNull();
  });

  test("makes instances that are told from nothing", () => {
    class Own extends g.Response {
      readonly extra = 1;
    }
    const own = new Own("x");
    expect([own.extra, own instanceof Own, own instanceof g.Response, own instanceof Response]).toEqual([1, true, true, true]);
    expect(knownText(own)).toBe("x");
    expect(new g.Response("x").constructor).toBe(Response);
    expect(new Response("x") instanceof g.Response).toBe(true);
    expect(Object.keys(new g.Response("x"))).toEqual([]);
    expect(() => (g.Response as unknown as () => void)()).toThrow(TypeError);
  });

  const inits: readonly (ResponseInit | undefined)[] = [
    undefined,
    { status: 422, statusText: "no" },
    { headers: { "content-type": "application/problem+json", "x-a": "1" } },
    {
      headers: [
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
      ],
    },
  ];
  test.each(inits)("makes JSON as before, with %p", async (init) => {
    const data = { a: ["b", null, "ü"] };
    const [was, is] = [json.call(Response, data, init), g.Response.json(data, init)];
    expect([is.status, is.statusText, [...is.headers]]).toEqual([was.status, was.statusText, [...was.headers]]);
    expect(knownText(is)).toBe(JSON.stringify(data));
    expect(await is.text()).toBe(await was.text());
  });

  test("makes no JSON of what is none", () => {
    expect(() => g.Response.json(undefined)).toThrow(TypeError);
    expect(() => g.Response.json(1n)).toThrow(TypeError);
  });
});
