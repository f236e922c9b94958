import { describe, expect, test } from "bun:test";
import { createMemoryPlatform } from "../../../../src/platform/memory.ts";
import { HostCallError } from "../../../../src/plugin/calls/host_call_error.ts";
import { type ClusterFetch, httpCall } from "../../../../src/plugin/calls/http_call.ts";

interface Asked {
  readonly url: string;
  readonly init: RequestInit;
}

/** A call with what a cluster answers, and the clock that it has. */
function calling(params: object, answer: (a: Asked) => Promise<Response> = () => Promise.resolve(new Response("hello"))) {
  const platform = createMemoryPlatform();
  const asked: Asked[] = [];
  const fetch: ClusterFetch = (url, init) => {
    asked.push({ url, init });
    return answer({ url, init });
  };
  const options = { fetch, setTimer: platform.setTimer.bind(platform), limit: 10, binary: true, takesText: false };
  const result = httpCall({ cluster: "a", path: "/", ...params }, null, options);
  return { platform, asked, result };
}

async function faultOf(result: Promise<unknown>): Promise<readonly [code: number, message: string]> {
  try {
    await result;
    throw new Error("it was answered");
  } catch (e) {
    return [e instanceof HostCallError ? e.code : 0, (e as Error).message];
  }
}

describe("a plugin's request to a cluster", () => {
  test("is what it says, and its reply comes with the body apart", async () => {
    const c = calling({ cluster: "a b", path: "/p?q", method: "PUT", authority: "h:1", fields: [["X-A", "1"]], text: "t" });
    const { result, body } = await c.result;
    expect(c.asked[0]!.url).toBe("cluster://a%20b/p?q");
    const { method, headers, body: sent } = c.asked[0]!.init;
    expect([method, [...(headers as Headers)], new TextDecoder().decode(sent as Uint8Array)]).toEqual([
      "PUT",
      [
        ["host", "h:1"],
        ["x-a", "1"],
      ],
      "t",
    ]);
    expect(JSON.parse(result)).toMatchObject({ status: 200 });
    expect(new TextDecoder().decode(body!)).toBe("hello");
  });

  for (const params of [
    { method: "A B" },
    { method: "CONNECT" },
    { method: "TRACE" },
    { path: "x" },
    { path: 7 },
    { authority: "a b" },
    { authority: 1 },
    { fields: "x" },
    { fields: [["a"]] },
    { fields: [["host", "b"]] },
    { fields: [["a", "b\n"]] },
    { text: 1 },
    { text: "a", base64: "" },
  ])
    test(`that is none is not made: ${JSON.stringify(params)}`, async () => {
      const c = calling(params);
      expect((await faultOf(c.result))[0]).toBe(-32602);
      expect(c.asked).toEqual([]);
    });

  test("whose reply is too long is told as such, and the rest is not read", async () => {
    let cancelled = false;
    const endless = new ReadableStream({
      pull: (c) => c.enqueue(new Uint8Array(8)),
      cancel: () => {
        cancelled = true;
      },
    });
    const c = calling({}, () => Promise.resolve(new Response(endless)));
    expect(await faultOf(c.result)).toEqual([-32002, "the reply is longer than 10 bytes"]);
    expect(cancelled).toBe(true);
  });

  test("has its time, ten seconds unless it says otherwise", async () => {
    const never: Parameters<typeof calling>[1] = ({ init }) =>
      new Promise((_, reject) => init.signal!.addEventListener("abort", () => reject(init.signal!.reason)));
    for (const [params, ms] of [
      [{ timeoutMs: 50 }, 50],
      [{}, 10_000],
      [{ timeoutMs: 0 }, 10_000],
    ] as const) {
      const c = calling(params, never);
      let over = false;
      void c.result.catch(() => {
        over = true;
      });
      await c.platform.advance(ms - 1);
      expect(over).toBe(false);
      await c.platform.advance(1);
      expect(await faultOf(c.result)).toEqual([0, `no whole reply within ${ms} ms`]);
    }
  });
});
