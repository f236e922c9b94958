import { describe, expect, test } from "bun:test";
import { encodeLatin1, latin1 } from "../../../src/base/bytes.ts";
import { BodyGatherer } from "../../../src/filter/body_gatherer.ts";
import { type Filter, HOLD } from "../../../src/filter/types.ts";
import { FilteredSite } from "./filtered_site.ts";
import { get, ok, statuses } from "./site.ts";

/** A filter that holds both heads until their bodies are there, and puts `make` of them in their place. */
function replacing(make: (body: string) => string, limit = 100): Filter {
  const of = (): BodyGatherer =>
    new BodyGatherer({
      limit,
      whole: (_x, body, trailers, out) => out.replace(encodeLatin1(make(latin1(body, 0, body.length))), trailers ?? undefined),
    });
  const [request, reply] = [of(), of()];
  return {
    onRequest: () => HOLD,
    onRequestData: (x, b, end, out) => request.data(x, b, end, out),
    onRequestTrailers: (x, f, out) => request.trailers(x, f, out),
    onResponse: () => HOLD,
    onResponseData: (x, b, end, out) => reply.data(x, b, end, out),
    onResponseTrailers: (x, f, out) => reply.trailers(x, f, out),
  };
}

const upper = (s: string): string => `<${s.toUpperCase()}>`;

function post(body: string, fields = ""): string {
  return `POST / HTTP/1.1\r\nHost: a\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}

describe("bodies that are replaced whole", () => {
  test("have the right length, both ways, and the connection goes on", async () => {
    const site = await FilteredSite.of([replacing(upper)]);
    const host = await site.listen(9001);
    const client = await site.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
    expect(host.peers.length).toBe(0);
    client.send("bo");
    await site.settled();
    expect(host.peers.length).toBe(0);
    client.send("dy");
    await site.settled();
    expect(host.last.take()).toBe("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n<BODY>");
    host.last.send(ok("up").slice(0, -1));
    await site.settled();
    expect(client.text).toBe("");
    host.last.send("p");
    await site.settled();
    expect(client.take()).toEndWith("Content-Length: 4\r\n\r\n<UP>");
    expect(site.active).toEqual([0, 0]);
  });

  test("where there was none: a request gets one, a reply too, but none to HEAD", async () => {
    const filter: Filter = { onRequest: () => HOLD, onRequestData: (_x, _b, _end, out) => out.replace(encodeLatin1("new")) };
    const site = await FilteredSite.of([filter]);
    const host = await site.listen(9001);
    await site.client(get("/"));
    expect(host.last.take()).toBe("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nnew");

    const replies = await FilteredSite.of([
      { onResponse: () => HOLD, onResponseData: (_x, _b, _end, out) => out.replace(encodeLatin1("new")) },
    ]);
    const up = await replies.listen(9001);
    const client = await replies.client(get("/"));
    up.last.send(ok(""));
    await replies.settled();
    expect(client.take()).toEndWith("Content-Length: 3\r\n\r\nnew");
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    await replies.settled();
    up.last.send(ok("12345").slice(0, -5));
    await replies.settled();
    expect(client.take()).toEndWith("Content-Length: 5\r\n\r\n");
    expect(replies.active).toEqual([0, 0]);
  });

  test("keep trailers", async () => {
    const site = await FilteredSite.of([replacing(upper)]);
    const host = await site.listen(9001);
    const client = await site.client(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n",
    );
    expect(host.last.take()).toEndWith("Transfer-Encoding: chunked\r\n\r\n4\r\n<HI>\r\n0\r\nX-T: 1\r\n\r\n");
    host.last.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nup\r\n0\r\nX-T: 2\r\n\r\n");
    await site.settled();
    expect(client.text).toEndWith("4\r\n<UP>\r\n0\r\nX-T: 2\r\n\r\n");
  });

  test("are asked for where the client waits to be told so, and the upstream is not asked", async () => {
    const site = await FilteredSite.of([replacing(upper)]);
    const host = await site.listen(9001);
    const client = await site.client("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    expect(client.take()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hi");
    await site.settled();
    expect(host.last.take()).toBe("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n<HI>");
    host.last.send(ok("x"));
    await site.settled();
    expect(statuses(client.text)).toEqual([200]);
  });

  test("that are too long are refused, and cost no more than the limit", async () => {
    const site = await FilteredSite.of([replacing(upper, 4)]);
    const host = await site.listen(9001);
    const client = await site.client(post("12345"));
    expect(statuses(client.text)).toEqual([413]);
    expect(host.peers.length).toBe(0);
    expect(site.active).toEqual([0, 0]);
  });

  test("are what is tried again, on the connection and by the route's policy", async () => {
    const site = await FilteredSite.of([replacing(upper)], {
      hosts: [9001],
      route: ', retry: { attempts: 1, on: ["503"], methods: [POST], backoff: { base: 10ms } }',
    });
    const host = await site.listen(9001);
    const client = await site.client(post("body"));
    const first = host.last.take();
    expect(first).toEndWith("\r\n\r\n<BODY>");
    host.last.send("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
    await site.settled();
    await site.advance(100);
    expect(host.last.take()).toBe(first);
    host.last.send(ok("ok"));
    await site.settled();
    expect(client.text).toEndWith("<OK>");
    expect(site.active).toEqual([0, 0]);
  });

  test("of a reply that breaks off are an error that the client can see", async () => {
    const site = await FilteredSite.of([replacing(upper)]);
    const host = await site.listen(9001);
    const client = await site.client(get("/"));
    host.last.send(ok("12345").slice(0, -2));
    await site.settled();
    host.last.conn!.reset();
    await site.settled();
    expect(statuses(client.text)).toEqual([502]);
    expect(site.active).toEqual([0, 0]);
  });

  test("of which there is a copy are copied as they go on", async () => {
    const site = await FilteredSite.of([replacing(upper)], {
      route: ", mirror: { cluster: copies }",
      clusters: '  copies: { endpoints: ["127.0.0.1:9005"] }',
    });
    const host = await site.listen(9001);
    const copies = await site.listen(9005);
    const client = await site.client(post("body"));
    expect(host.last.take()).toEndWith("Content-Length: 6\r\n\r\n<BODY>");
    expect(copies.last.take()).toEndWith("\r\n\r\n<BODY>");
    host.last.send(ok("x"));
    copies.last.send(ok("y"));
    await site.settled();
    expect(client.text).toEndWith("<X>");
    expect(site.active).toEqual([0, 0]);
  });

  test("stop when the client goes away", async () => {
    const site = await FilteredSite.of([replacing(upper)]);
    await site.listen(9001);
    const client = await site.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
    client.conn!.reset();
    await site.settled();
    expect(site.active).toEqual([0, 0]);
  });
});

describe("back pressure", () => {
  test("a filter that writes when it likes is told when there is room", async () => {
    const piece = new Uint8Array(64 * 1024);
    let written = 0;
    const site = await FilteredSite.of([
      {
        onResponse: (_x, h) => {
          h.fields.remove("content-length");
          h.contentLength = -1;
        },
        onResponseData: (_x, _b, end, out) => {
          if (!end) return;
          return new Promise<void>((resolve) => {
            const more = (): void => {
              if (written === 200) resolve();
              else {
                written++;
                if (out.write(piece.slice())) more();
                else out.whenRoom(more);
              }
            };
            more();
          });
        },
      },
    ]);
    const host = await site.listen(9001);
    const client = await site.client(get("/"));
    client.keepsText = false;
    client.conn!.pause();
    host.last.send(ok("x"));
    await site.settled();
    expect(written).toBeLessThan(150);
    client.conn!.resume();
    await site.settled();
    expect(written).toBe(200);
    expect(client.bytes).toBeGreaterThan(200 * piece.length);
    expect(site.active).toEqual([0, 0]);
  });
});

describe("tunnels", () => {
  test("are not held, and their bytes are no filter's", async () => {
    const seen: string[] = [];
    const site = await FilteredSite.of(
      [
        {
          onRequest: () => HOLD,
          onRequestData: (_x, b) => void seen.push(latin1(b, 0, b.length)),
          onDone: (x) => void seen.push(`done ${x.status}`),
        },
      ],
      { route: ", upgrade: [websocket]" },
    );
    const host = await site.listen(9001);
    const client = await site.client(get("/", "Connection: upgrade\r\nUpgrade: websocket\r\n"));
    host.last.take();
    host.last.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
    await site.settled();
    client.send("ping");
    await site.settled();
    expect(host.last.text).toBe("ping");
    expect(seen).toEqual(["", "done 101"]);
  });
});
