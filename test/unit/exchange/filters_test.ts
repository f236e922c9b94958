import { describe, expect, test } from "bun:test";
import { encodeLatin1 } from "../../../src/base/bytes.ts";
import type { Filter, Reply } from "../../../src/filter/types.ts";
import { Fields } from "../../../src/http/fields.ts";
import { ServedSite, statuses } from "./served_site.ts";

const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";

function filtered(filter: Filter, fetch = echo): Promise<ServedSite> {
  return ServedSite.start(fetch, "", [{ open: () => filter }]);
}

async function echo(r: Request): Promise<Response> {
  return new Response(`${r.headers.get("x-filter") ?? "-"} ${await r.text()}`);
}

function bodyOf(text: string): string {
  return text.slice(text.indexOf("\r\n\r\n") + 4);
}

function refusal(): Reply {
  const head = { status: 401, reason: "", fields: Fields.of("Content-Length", "2"), contentLength: 2, upgrade: "" };
  return { head, body: encodeLatin1("no") };
}

describe("a filter at an exchange", () => {
  test("may wait in the head: the body comes behind it", async () => {
    const site = await ServedSite.start(echo, "", [
      {
        open: () => ({
          onRequest: async (x) => {
            await site.gate();
            x.request.fields.set("X-Filter", "yes");
            return null;
          },
        }),
      },
    ]);
    const client = await site.client(POST);
    expect(client.text).toBe("");
    expect(site.active).toEqual([1, 0]);
    site.open();
    await site.settled();
    expect(bodyOf(client.text)).toContain("yes body");
    expect(site.active).toEqual([0, 0]);
  });

  test("that waits for ever has the stream's idle time", async () => {
    let done = 0;
    const site = await ServedSite.start(echo, ", timeouts: { streamIdle: 2s }", [
      {
        open: () => ({
          onRequest: () => new Promise<null>(() => {}),
          onDone: () => {
            done++;
          },
        }),
      },
    ]);
    const client = await site.client(POST);
    await site.advance(2100);
    expect(statuses(client.text)).toEqual([504]);
    expect(done).toBe(1);
    expect(site.active).toEqual([0, 0]);
  });

  test("may answer: the handler hears nothing of it, the connection goes on", async () => {
    let calls = 0;
    const site = await filtered({ onRequest: () => refusal() }, async () => {
      calls++;
      return new Response("");
    });
    const client = await site.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2));
    expect(statuses(client.text)).toEqual([401, 401]);
    expect(client.text).toMatch(/^HTTP\/1.1 401 Unauthorized\r\nContent-Length: 2\r\nDate: /);
    expect(calls).toBe(0);
    expect(site.active).toEqual([0, 0]);
  });

  test("may rewrite both bodies", async () => {
    const site = await filtered({
      onRequest: ({ request }) => {
        request.fields.remove("content-length");
        request.contentLength = -1;
        return null;
      },
      onRequestData: (_x, b, _end, out) => {
        for (const c of b) out.write(Uint8Array.of(c, 0x2e));
      },
      onResponse: (_x, h) => {
        h.fields.remove("content-length");
        h.contentLength = -1;
      },
      onResponseData: async (_x, b, end, out) => {
        await Promise.resolve();
        out.write(b);
        if (end) out.write(encodeLatin1("!"));
      },
    });
    const client = await site.client(POST);
    expect(client.text.replaceAll(/[0-9a-f]+\r\n|\r\n/g, "")).toContain("- b.o.d.y.!");
  });

  test("that throws fails its request alone", async () => {
    const site = await filtered({
      onRequest: ({ request }) => {
        if (request.path === "/bad") throw new Error("boom");
        return null;
      },
    });
    const client = await site.client("GET /bad HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(statuses(client.text)).toEqual([500, 200]);
    expect(site.filterFaults).toBe(1);
    expect(site.events.map((e) => e.event)).toEqual(["a filter threw: its request failed"]);
  });

  test("that throws in the reply's head gets no second try at it", async () => {
    let seen = 0;
    const site = await filtered({
      onResponse: () => {
        seen++;
        throw new Error("boom");
      },
    });
    const client = await site.client(POST);
    expect(statuses(client.text)).toEqual([500]);
    expect(seen).toBe(1);
    expect(site.active).toEqual([0, 0]);
  });
});
