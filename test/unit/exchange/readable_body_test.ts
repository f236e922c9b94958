import { describe, expect, test } from "bun:test";
import { LazyRequest } from "../../../src/exchange/lazy_request.ts";
import { ReadableBody } from "../../../src/exchange/readable_body.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Site {
  readonly body: ReadableBody;
  readonly r: Request;
  /** How often more was wanted. */
  readonly wants: () => number;
}

function site(type = "text/plain"): Site {
  let wants = 0;
  const body = new ReadableBody(() => wants++);
  const r = new LazyRequest({
    method: "POST",
    url: "http://a.example/",
    signal: new AbortController().signal,
    body,
    makeHeaders: () => new Headers({ "content-type": type }),
  }) as unknown as Request;
  return { body, r, wants: () => wants };
}

/** Ways to read all of it, each as what comes out as a text. */
const readers: readonly (readonly [string, (r: Request) => Promise<string>])[] = [
  ["text", (r) => r.text()],
  ["json", async (r) => JSON.stringify(await r.json())],
  ["arrayBuffer", async (r) => new TextDecoder().decode(await r.arrayBuffer())],
  ["blob", async (r) => await (await r.blob()).text()],
  ["its stream", async (r) => await new Response(r.body).text()],
  ["a clone", async (r) => await r.clone().text()],
  [
    "a request made of it",
    async (r) => await new Request(r.url, { method: "POST", body: r.body, duplex: "half" } as RequestInit).text(),
  ],
];
const TEXT = '{"a":"\u00fc","b":[1,2]}';

describe.each(readers)("a body read by %s", (name, read) => {
  test.each([0, 1, 3, 1_000])("comes whole, of which %i bytes were there before", async (before) => {
    const { body, r, wants } = site();
    const all = bytes(TEXT);
    if (before > 0) expect(body.take(all.slice(0, before), before >= all.length)).toBe(false);
    expect([wants(), r.bodyUsed]).toEqual([0, false]);
    const got = read(r);
    if (before < all.length) {
      for (let i = before; i < all.length; i++) {
        body.take(all.slice(i, i + 1), false);
        if (i % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      body.end();
    }
    expect(await got).toBe(TEXT);
    if (before < all.length) expect(wants()).toBeGreaterThan(0);
    if (name !== "a clone") expect(r.bodyUsed).toBe(true);
  });

  test("is refused a second time", async () => {
    const { body, r } = site();
    body.take(bytes(TEXT), true);
    await read(r);
    if (name === "a clone") return;
    for (const again of [() => r.text(), () => r.json(), () => r.arrayBuffer(), async () => r.clone()])
      await expect(again()).rejects.toThrow(TypeError);
  });

  test.each(["before", "meanwhile"])("that failed %s rejects", async (when) => {
    const { body, r } = site();
    body.take(bytes("{"), false);
    if (when === "before") body.fail(new Error("gone"));
    const got = read(r);
    got.catch(() => {});
    if (when === "meanwhile") {
      await new Promise((resolve) => setImmediate(resolve));
      body.fail(new Error("gone"));
    }
    await expect(got).rejects.toThrow();
    expect(body.take(bytes("x"), false)).toBe(true);
    body.end();
  });
});

test("what fails behind its end has come whole", async () => {
  const { body, r } = site();
  body.take(bytes("whole"), true);
  body.fail(new Error("answered"));
  expect(await r.text()).toBe("whole");
});

test("a stream that nobody reads holds the rest back, and one that is left takes and drops it", async () => {
  const { body, r, wants } = site();
  const reader = r.body!.getReader();
  expect(body.take(bytes("a"), false)).toBe(false);
  expect(new TextDecoder().decode((await reader.read()).value)).toBe("a");
  const next = reader.read();
  await new Promise((resolve) => setImmediate(resolve));
  expect(wants()).toBeGreaterThan(0);
  body.take(bytes("b"), false);
  await next;
  await reader.cancel();
  expect(body.take(bytes("c"), false)).toBe(true);
  body.end();
  body.fail(new Error("late"));
});

test("a body gathered is taken as fast as it comes", async () => {
  const { body, r } = site();
  const got = r.text();
  for (let i = 0; i < 100; i++) expect(body.take(bytes("0123456789"), false)).toBe(true);
  body.end();
  expect((await got).length).toBe(1_000);
});

test("forms are read as ever, and nonsense is no JSON", async () => {
  const form = site("application/x-www-form-urlencoded");
  form.body.take(bytes("a=1&b=2"), true);
  expect([...(await form.r.formData())]).toEqual([
    ["a", "1"],
    ["b", "2"],
  ]);
  const { body, r } = site();
  body.take(bytes("{"), true);
  await expect(r.json()).rejects.toThrow(SyntaxError);
});

test("a buffer is its reader's alone, and a BOM is none of the text", async () => {
  const memory = bytes("secret;mine");
  const { body, r } = site();
  body.take(memory.subarray(7), true);
  expect((await r.arrayBuffer()).byteLength).toBe(4);
  const marked = site();
  marked.body.take(new Uint8Array([0xef, 0xbb, 0xbf, 0x61]), true);
  expect(await marked.r.text()).toBe("a");
});
