import { describe, expect, test } from "bun:test";
import { encodeLatin1, latin1 } from "../../../src/base/bytes.ts";
import { BodyGatherer } from "../../../src/filter/body_gatherer.ts";
import { type Filter, HOLD } from "../../../src/filter/types.ts";
import { RESET } from "../../../src/filter/verdicts.ts";
import { END_HEADERS, END_STREAM, get, type Pairs, PREFACE, post, SETTINGS_ACK, settings } from "../http/h2/wire.ts";
import { FilteredSite } from "./filtered_site.ts";
import { call, data, H2Peer, headers } from "./h2_site.ts";

const OPEN = END_HEADERS;
const REPLY = [
  [":status", "200"],
  ["content-type", "application/grpc"],
] as const;

/** HTTP/2 on both sides, with a filter between. */
async function joined(filter: Filter, cluster = ", protocol: h2c", route = "") {
  const site = await FilteredSite.of([filter], { listener: ", detect: true", cluster, route });
  const host = await site.listen(9001);
  const client = new H2Peer(await site.client(), false);
  client.send(PREFACE, settings(), SETTINGS_ACK);
  await site.settled();
  return { site, host, client };
}

async function upstream(site: FilteredSite): Promise<H2Peer> {
  const origin = new H2Peer(site.hosts.get(9001)!.last, true);
  origin.send(settings(), SETTINGS_ACK);
  await site.settled();
  return origin;
}

function upper(): Filter {
  const of = (): BodyGatherer =>
    new BodyGatherer({
      limit: 1000,
      whole: (_x, body, trailers, out) =>
        out.replace(encodeLatin1(`<${latin1(body, 0, body.length).toUpperCase()}>`), trailers ?? undefined),
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

describe("over HTTP/2", () => {
  test("held bodies are replaced, with lengths that are theirs", async () => {
    const { site, client } = await joined(upper());
    client.send(headers(1, post(["content-length", "4"]), OPEN), data(1, "bo"), data(1, "dy", END_STREAM));
    await site.settled();
    const origin = await upstream(site);
    expect(origin.take()).toEqual(["HEADERS 1 POST http a / [content-length: 6]", 'DATA 1 "<BODY>" end']);
    origin.send(headers(1, [[":status", "200"]], OPEN), data(1, "up", END_STREAM));
    await site.settled();
    expect(client.take()).toEqual(["HEADERS 1 200 [content-length: 4]", 'DATA 1 "<UP>" end']);
    expect(site.active).toEqual([0, 0]);
  });

  test("a call keeps its trailers and its status", async () => {
    const { site, client } = await joined(upper());
    client.send(headers(1, call("/s.S/M"), OPEN), data(1, "a", END_STREAM));
    await site.settled();
    const origin = await upstream(site);
    expect(origin.take().at(-1)).toBe('DATA 1 "<A>" end');
    origin.send(headers(1, REPLY, OPEN), data(1, "b"), headers(1, [["grpc-status", "5"]]));
    await site.settled();
    expect(client.take()).toEqual([
      "HEADERS 1 200 [content-type: application/grpc]",
      'DATA 1 "<B>"',
      "HEADERS 1 end [grpc-status: 5]",
    ]);
    expect(site.active).toEqual([0, 0]);
  });

  test("a call that a filter resets is cancelled, and its connection goes on", async () => {
    const { site, client } = await joined({ onRequest: (x) => (x.request.path === "/s.S/M" ? RESET : null) });
    client.send(headers(1, call("/s.S/M"), OPEN));
    await site.settled();
    expect(client.take()).toEqual(["RST 1 CANCEL"]);
    client.send(headers(3, get("/")));
    await site.settled();
    expect(site.active).toEqual([1, 1]);
  });

  test("a call that is answered too late for its deadline ends as one", async () => {
    const { site, client } = await joined({ onRequest: () => new Promise<null>(() => {}) });
    client.send(headers(1, call("/s.S/M", ["grpc-timeout", "1S"]), OPEN));
    await site.settled();
    await site.advance(1_100);
    expect(client.take()[0]).toContain("grpc-status: 4");
    expect(site.active).toEqual([0, 0]);
  });

  test("a stream that becomes a tunnel is not held, and its bytes are no filter's", async () => {
    const seen: string[] = [];
    const { site, host, client } = await joined(
      {
        onRequest: (_x, end) => {
          seen.push(`head ${end}`);
          return HOLD;
        },
        onRequestData: (_x, b) => void seen.push(latin1(b, 0, b.length)),
      },
      "",
      ", upgrade: [websocket]",
    );
    const connect: Pairs = [
      [":method", "CONNECT"],
      [":protocol", "websocket"],
      [":scheme", "http"],
      [":authority", "a"],
      [":path", "/"],
    ];
    client.send(headers(1, connect, OPEN), data(1, "early"));
    await site.settled();
    expect(seen).toEqual(["head true"]);
    expect(host.last.take()).toContain("Upgrade: websocket");
    expect(site.active).toEqual([1, 1]);
  });
});
