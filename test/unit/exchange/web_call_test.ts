import { describe, expect, test } from "bun:test";
import { latin1 } from "../../../src/base/bytes.ts";
import { keepText } from "../../../src/exchange/known_text.ts";
import type { Handler } from "../../../src/exchange/web.ts";
import { get, ServedSite, statuses } from "./served_site.ts";

const GRAIN_MS = 32;

describe("a handler inside the process", () => {
  test("answers with the body that it read", async () => {
    const site = await ServedSite.start(async (r) => new Response(`${r.method} ${await r.text()}`));
    const client = await site.client("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    expect(statuses(client.text)).toEqual([200]);
    expect(client.text).toContain("POST hello");
  });

  test("that throws costs its request 500, a line in the log and a count", async () => {
    const site = await ServedSite.start(() => {
      throw new Error("broken handler");
    });
    const client = await site.client(get("/x"));
    expect(statuses(client.text)).toEqual([500]);
    expect(client.text).not.toContain("broken");
    expect(site.events).toHaveLength(1);
    expect(site.events[0]!.level).toBe("error");
    expect(JSON.stringify(site.events[0]!.facts)).toContain("broken handler");
    expect(site.handlerFaults).toBe(1);
    client.send(get("/x"));
    await site.settled();
    expect(statuses(client.text)).toEqual([500, 500]);
  });

  test("that throws in the middle of its reply costs the connection, a line and a count", async () => {
    const broken: Handler["fetch"] = () =>
      new Response(
        new ReadableStream({
          pull: (c) => {
            c.enqueue(new TextEncoder().encode("some"));
            throw new Error("broken body");
          },
        }),
      );
    const site = await ServedSite.start(broken);
    const client = await site.client(get("/x"));
    expect(client.closed).not.toBe("");
    expect(client.closed).not.toBeNull();
    expect(site.handlerFaults).toBe(1);
    expect(site.active).toEqual([0, 0]);
  });

  test("says 100 (Continue) when it reads a body that waits for it (RFC 9110 10.1.1)", async () => {
    const site = await ServedSite.start(async (r) => new Response(await r.text()));
    const client = await site.client("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    expect(client.take()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hi");
    await site.settled();
    expect(statuses(client.text)).toEqual([200]);
    expect(client.text).toEndWith("\r\nContent-Length: 2\r\n\r\nhi");
  });

  test("that does not read the body says no 100", async () => {
    const site = await ServedSite.start(() => new Response("no", { status: 403 }));
    const client = await site.client("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    expect(statuses(client.text)).toEqual([403]);
    expect(client.text).toContain("\r\nConnection: close\r\n");
  });

  test("that never answers ends at the stream's idle timeout", async () => {
    let signal: AbortSignal | null = null;
    const site = await ServedSite.start((r) => {
      signal = r.signal;
      return new Promise(() => {});
    }, ", timeouts: { streamIdle: 2s }");
    const client = await site.client(get("/x"));
    await site.advance(1900);
    expect(client.text).toBe("");
    await site.advance(100 + GRAIN_MS);
    expect(statuses(client.text)).toEqual([504]);
    expect(signal!.aborted).toBe(true);
    expect(site.active).toEqual([0, 0]);
  });

  test("that reads slowly holds the client back", async () => {
    let reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
    let read = 0;
    const site = await ServedSite.start(async (r) => {
      reader = r.body!.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return new Response(String(read));
        read += value.length;
        await site.gate();
      }
    });
    const size = 2_000_000;
    const client = await site.client(`POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
    client.send("x".repeat(size));
    await site.settled();
    expect(client.conn!.queued).toBeGreaterThan(size / 2);
    site.open();
    await site.settled();
    expect(read).toBe(size);
    expect(client.text).toEndWith(`\r\nContent-Length: 7\r\n\r\n${size}`);
  });

  test("has the URL as a Request has it", async () => {
    const site = await ServedSite.start((r) => new Response(r.url));
    const ask = async (path: string, host: string): Promise<string> =>
      (await site.client(get(path).replace(/Host: .*/, `Host: ${host}`))).text.split("\r\n\r\n")[1]!;
    expect(await ask("/a%20b?c=d", "Example.COM:80")).toBe("http://example.com/a%20b?c=d");
    expect(await ask("/", "[::1]:81")).toBe("http://[::1]:81/");
    expect(await ask("/{a}", "a:8080")).toBe(new Request("http://a:8080/{a}").url);
  });

  test("hears at any time that its client has gone", async () => {
    let request!: Request;
    const site = await ServedSite.start((r) => {
      request = r;
      return new Promise(() => {});
    });
    const client = await site.client(get("/x"));
    client.conn!.reset();
    await site.settled();
    expect(request.signal.aborted).toBe(true);
    expect(request.signal).toBe(request.signal);
  });

  test("whose body is a stream sends each piece when it is there", async () => {
    let stream!: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start(c) {
        stream = c;
      },
    });
    const site = await ServedSite.start(() => new Response(body));
    const client = await site.client(get("/x"));
    expect(client.take()).toEndWith("\r\nTransfer-Encoding: chunked\r\n\r\n");
    stream.enqueue(new Uint8Array([97]));
    await site.settled();
    expect(client.take()).toBe("1\r\na\r\n");
    stream.close();
    await site.settled();
    expect(client.take()).toBe("0\r\n\r\n");
  });

  test("whose stream has its first piece at once sends it with the head, and does not wait for more", async () => {
    const body = new ReadableStream<Uint8Array>({ start: (c) => c.enqueue(new Uint8Array([97])) });
    const site = await ServedSite.start(() => new Response(body));
    const client = await site.client(get("/x"));
    expect(client.text).toEndWith("\r\n\r\n1\r\na\r\n");
    expect(client.closed).toBeNull();
  });

  test("has no length but 0 without a body", async () => {
    const empty = await ServedSite.start(() => new Response(null, { headers: { "content-length": "9" } }));
    expect((await empty.client(get("/x"))).text).toContain("Content-Length: 0\r\n");
  });

  test("that gives no reply of HTTP costs its request 500", async () => {
    const given: readonly unknown[] = ["text", undefined, Response.error()];
    for (const g of given) {
      const site = await ServedSite.start((() => g) as unknown as Handler["fetch"]);
      expect(statuses((await site.client(get("/x"))).text)).toEqual([500]);
      expect(site.handlerFaults).toBe(1);
    }
    const texts = new ReadableStream({
      start: (c) => {
        c.enqueue("no bytes");
        c.close();
      },
    });
    const site = await ServedSite.start(() => new Response(texts));
    expect((await site.client(get("/x"))).closed).not.toBeNull();
  });

  test("is not asked for TRACE, which a Request can't say", async () => {
    const site = await ServedSite.start(() => new Response("traced"));
    expect(statuses((await site.client("TRACE /x HTTP/1.1\r\nHost: a\r\n\r\n")).text)).toEqual([405]);
  });

  test("whose client goes while it waits for its next piece hears of it", async () => {
    let cancelled: unknown = null;
    const body = (): ReadableStream =>
      new ReadableStream({
        start: (c) => c.enqueue(new TextEncoder().encode("first")),
        cancel: (reason) => {
          cancelled = reason;
        },
      });
    const site = await ServedSite.start(() => new Response(body()));
    const client = await site.client(get("/x"));
    expect(client.text).toContain("first");
    client.conn!.reset();
    await site.settled();
    expect(cancelled).not.toBeNull();
    expect(site.active).toEqual([0, 0]);
  });
});

/** As the runtime makes it, and with its text kept beside it. */
const makes: readonly (readonly [string, (body: string | null, init?: ResponseInit) => Response])[] = [
  ["a reply's stream", (body, init) => new Response(body, init)],
  ["a reply's text", (body, init) => keepText(new Response(body, init), body)],
];

describe.each(makes)("%s", (_how, make) => {
  test("is held to its Content-Length, short or long", async () => {
    for (const length of ["3", "5"]) {
      const site = await ServedSite.start(() => make("four", { headers: { "content-length": length } }));
      const client = await site.client(get("/x"));
      expect(client.closed).not.toBeNull();
      expect(client.text).not.toContain("four\r\n");
      expect(site.handlerFaults).toBe(1);
      expect(site.active).toEqual([0, 0]);
    }
  });

  test("goes with its head, which says its length", async () => {
    for (const body of ["four", "fünf €", "x".repeat(10_000)])
      for (const later of [false, true]) {
        const site = await ServedSite.start(() => (later ? Promise.resolve(make(body)) : make(body)));
        const client = await site.client(get("/x") + get("/y"));
        const bytes = new TextEncoder().encode(body);
        expect(statuses(client.text)).toEqual([200, 200]);
        expect(client.text.split(`Content-Length: ${bytes.length}\r\n\r\n${latin1(bytes, 0, bytes.length)}`)).toHaveLength(3);
        expect(site.active).toEqual([0, 0]);
      }
  });

  test("may be empty", async () => {
    const site = await ServedSite.start(() => make(""));
    const client = await site.client(get("/x") + get("/y"));
    expect(statuses(client.text)).toEqual([200, 200]);
    expect(client.text).toEndWith("\r\n\r\n");
  });

  test("is not sent in reply to HEAD, nor with a status that has none", async () => {
    const site = await ServedSite.start((r) => {
      const made = make("four", { headers: { "x-a": "b" } });
      return r.method === "HEAD" ? made : Object.defineProperty(made, "status", { value: 304 });
    });
    const client = await site.client(get("/x").replace("GET", "HEAD") + get("/y") + get("/y"));
    expect(statuses(client.text)).toEqual([200, 304, 304]);
    expect(client.text).not.toContain("four");
  });

  test("frames nothing itself", async () => {
    const headers = { "transfer-encoding": "gzip, chunked", connection: "x-a", "x-a": "b", "content-length": "nonsense" };
    const site = await ServedSite.start(() => make("body", { headers }));
    const client = await site.client(get("/x"));
    expect(statuses(client.text)).toEqual([200]);
    expect(client.text).not.toMatch(/gzip|x-a|nonsense/i);
    expect(client.text).toEndWith("\r\nContent-Length: 4\r\n\r\nbody");
  });

  test("that its maker has read is none any more", async () => {
    const site = await ServedSite.start(async () => {
      const made = make("four");
      await made.text();
      return made;
    });
    const client = await site.client(get("/x"));
    expect(client.text).not.toContain("four");
    expect(site.handlerFaults).toBe(1);
  });

  test("is for nobody when the client has gone meanwhile", async () => {
    let answer!: (r: Response) => void;
    const site = await ServedSite.start(() => new Promise((resolve) => (answer = resolve)));
    const client = await site.client(get("/x"));
    client.conn!.reset();
    await site.settled();
    answer(make("four"));
    await site.settled();
    expect(site.handlerFaults).toBe(0);
    expect(site.active).toEqual([0, 0]);
  });
});
