import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../support/deadline.ts";
import { request } from "../support/h2_peer.ts";
import { freePort } from "../support/ports.ts";
import { openClient } from "../support/raw_client.ts";
import { type Act, askOn, openH2c, ScriptedOrigins } from "../support/scripted_origins.ts";
import { type Site, startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

const VERSIONS = ["h1", "h2"] as const;
const PAIRS = VERSIONS.flatMap((down) => VERSIONS.map((up) => [down, up] as const));
const KIB = 1024;
const CANCEL = 8;

const BAD: Act = { kind: "reply", status: 503, body: "not now", fields: [["x-from", "bad"]] };

let origins: ScriptedOrigins;
let site: Site;

/** `/UP/WHAT/…`: what happens to the first request of the path; all others are answered with their own body. */
function script(path: string, n: number, seen: { readonly body: string }): Act {
  const what = path.split("/")[2]!;
  const good: Act = { kind: "reply", status: 200, body: `good ${seen.body}`, fields: [["x-from", "good"]] };
  if (what.startsWith("always-")) return what === "always-503" ? BAD : { kind: "silence" };
  if (n > 1) return what === "trailers" ? { ...good, trailers: [["x-sum", "7"]] } : good;
  switch (what) {
    case "503":
    case "trailers":
      return BAD;
    case "reset":
      return { kind: "reset" };
    case "refuse":
      return { kind: "refuse" };
    case "silence":
      return { kind: "silence" };
    case "cut":
      return { kind: "cut" };
    case "field":
      return { ...good, fields: [["x-again", "yes"]] };
    case "busy":
      return { kind: "reply", status: 503, fields: [["retry-after", "1"]] };
    case "busier":
      return { kind: "reply", status: 503, fields: [["retry-after", "600"]] };
    case "grpc":
      return {
        kind: "reply",
        status: 200,
        fields: [
          ["content-type", "application/grpc"],
          ["grpc-status", "14"],
        ],
      };
    default:
      return good;
  }
}

beforeAll(async () => {
  origins = await ScriptedOrigins.start(script);
  const dead = await freePort();
  const policy = {
    attempts: 2,
    on: ["connectFailure", "reset", "refusedStream", "timeout", 503, "grpc:unavailable", { header: "x-again" }],
    perTry: "1s",
    retryAfter: "5s",
    backoff: { base: "10ms" },
  };
  const to = (cluster: string): object => ({ name: cluster, match: [{ prefix: `/${cluster}` }], to: cluster, retry: policy });
  site = await startSite({
    listener: { detect: true },
    routes: [
      to("h1"),
      to("h2"),
      to("half-h1"),
      to("half-h2"),
      { ...to("spent"), to: "spent" },
      { name: "hedge-h1", match: [{ prefix: "/hedge-h1" }], to: "h1", hedge: "300ms" },
      { name: "hedge-h2", match: [{ prefix: "/hedge-h2" }], to: "h2", hedge: "300ms" },
    ],
    clusters: {
      // Tests run beside each other, and none should take another's retry.
      h1: { endpoints: [`127.0.0.1:${origins.h1.port}`], breakers: { retries: 100 } },
      h2: { endpoints: [`127.0.0.1:${origins.h2.port}`], protocol: "h2c", breakers: { retries: 100 } },
      "half-h1": { endpoints: [`127.0.0.1:${dead}`, `127.0.0.1:${origins.h1.port}`] },
      "half-h2": { endpoints: [`127.0.0.1:${dead}`, `127.0.0.1:${origins.h2.port}`], protocol: "h2c" },
      spent: { endpoints: [`127.0.0.1:${origins.h1.port}`], breakers: { retries: 0 } },
    },
  });
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await origins[Symbol.asyncDispose]();
});

for (const [down, up] of PAIRS) {
  describe(`${down} in, ${up} out`, () => {
    const path = (what: string): string => `/${up}/${what}/${down}`;

    for (const what of ["503", "reset", "silence", "field"]) {
      test.concurrent(`${what}: another attempt, one reply, and the body byte for byte`, async () => {
        const body = Array.from({ length: 60 * KIB }, (_, i) => String.fromCharCode(32 + ((i * 7) % 90))).join("");
        const got = await askOn(down, site.port, path(what), { method: "PUT", body });
        expect([got.status, got.body === `good ${body}`]).toEqual([200, true]);
        expect(got.fields.filter(([n]) => n.toLowerCase() === "x-from").map(([, v]) => v)).toEqual(["good"]);
        expect(origins.of(path(what)).map((s) => s.body === body)).toEqual([true, true]);
        const line = await site.logged(path(what));
        expect([line["attempts"] ?? 2, line["flags"]]).toEqual([2, ""]);
      });
    }

    test.concurrent("trailers of the request and of the reply", async () => {
      const got = await askOn(down, site.port, path("trailers"), { method: "PUT", body: "hello", trailers: [["x-t", "u"]] });
      expect([got.status, got.body, got.trailers.map(([n, v]) => `${n.toLowerCase()}: ${v}`)]).toEqual([
        200,
        "good hello",
        ["x-sum: 7"],
      ]);
      for (const s of origins.of(path("trailers"))) {
        expect([s.body, s.trailers.map(([n, v]) => [n.toLowerCase(), v])]).toEqual(["hello", [["x-t", "u"]]]);
      }
      expect(origins.of(path("trailers"))).toHaveLength(2);
    });

    test.concurrent("a body longer than the buffer is sent once, and the client has the reply that there is", async () => {
      const body = "x".repeat(64 * KIB + 1);
      const got = await askOn(down, site.port, path("503/long"), { method: "PUT", body });
      expect([got.status, got.body]).toEqual([503, "not now"]);
      expect(origins.of(path("503/long"))).toHaveLength(1);
    });

    test.concurrent("a POST that may have been worked on is not repeated", async () => {
      for (const what of ["503", "reset", "silence"]) {
        const at = path(`${what}/post`);
        const got = await askOn(down, site.port, at, { method: "POST", body: "pay" });
        expect(got.status).toBe({ "503": 503, reset: 502, silence: 504 }[what]!);
        expect(origins.of(at)).toHaveLength(1);
      }
    });

    test.concurrent("a reply that breaks off is broken off, and not repeated", async () => {
      await expect(askOn(down, site.port, path("cut"))).rejects.toThrow();
      await site.logged(path("cut"));
      expect(origins.of(path("cut"))).toHaveLength(1);
    });

    test.concurrent("a connection that is refused costs no request, whatever its method", async () => {
      for (let i = 0; i < 6; i++) {
        const at = `/half-${up}/plain/${down}/${i}`;
        const got = await askOn(down, site.port, at, { method: "POST", body: String(i) });
        expect([got.status, got.body]).toEqual([200, `good ${i}`]);
        expect(origins.of(at)).toHaveLength(1);
      }
    });

    test.concurrent("attempts end, with the last reply and URX", async () => {
      const got = await askOn(down, site.port, path("always-503"));
      expect([got.status, got.body]).toEqual([503, "not now"]);
      expect(origins.of(path("always-503"))).toHaveLength(3);
      expect((await site.logged(path("always-503")))["flags"]).toBe("URX");
    });

    test.concurrent("the time of each try, and then 504 with URX,UT", async () => {
      expect((await askOn(down, site.port, path("always-silence"))).status).toBe(504);
      expect(origins.of(path("always-silence"))).toHaveLength(3);
      expect((await site.logged(path("always-silence")))["flags"]).toBe("URX,UT");
    });

    test.concurrent("Retry-After is kept, within what the route grants", async () => {
      expect((await askOn(down, site.port, path("busy"))).status).toBe(200);
      expect(Number((await site.logged(path("busy")))["duration_ms"])).toBeGreaterThan(990);
      expect((await askOn(down, site.port, path("busier"))).status).toBe(503);
      expect(origins.of(path("busier"))).toHaveLength(1);
    });

    test.concurrent("a hedge: one reply, and the slow try is reset", async () => {
      const at = `/hedge-${up}/silence/${down}`;
      const got = await askOn(down, site.port, at, { method: "PUT", body: "hello" });
      expect([got.status, got.body]).toEqual([200, "good hello"]);
      expect(origins.of(at).map((s) => s.body)).toEqual(["hello", "hello"]);
      expect((await site.logged(at))["flags"]).toBe("");
    });

    test.concurrent("a client that goes in the wait before another attempt", async () => {
      const at = path("busy/gone");
      if (down === "h1") {
        const client = await openClient(site.port);
        await client.send(`GET ${at} HTTP/1.1\r\nHost: test.example\r\n\r\n`);
        await origins.asked(at, 1);
        client.reset();
      } else {
        using client = await openH2c(site.port);
        const s = client.request(request("GET", "test.example", at));
        await origins.asked(at, 1);
        s.reset(CANCEL);
        await site.logged(at);
      }
      expect(String((await site.logged(at))["flags"])).toMatch(/^D[CR]$/);
      expect(origins.of(at)).toHaveLength(1);
    });
  });
}

test.concurrent("a stream that is refused is asked for again, whatever its method", async () => {
  for (const down of VERSIONS) {
    const at = `/h2/refuse/${down}`;
    const got = await askOn(down, site.port, at, { method: "POST", body: "pay" });
    expect([got.status, got.body]).toEqual([200, "good pay"]);
    expect(origins.of(at)).toHaveLength(2);
  }
});

test.concurrent("a call of gRPC with a reply of trailers only is made again", async () => {
  const at = "/h2/grpc/call";
  const got = await askOn("h2", site.port, at, {
    method: "POST",
    body: "\0\0\0\0\x03abc",
    fields: [
      ["content-type", "application/grpc"],
      ["te", "trailers"],
    ],
  });
  expect(got.body).toBe("good \0\0\0\0\x03abc");
  expect(origins.of(at)).toHaveLength(2);
});

test.concurrent("retries that the cluster has no budget for: the reply that there is, RO, and a count", async () => {
  const got = await askOn("h1", site.port, "/spent/503/x");
  expect([got.status, got.body]).toEqual([503, "not now"]);
  expect((await site.logged("/spent/503/x"))["flags"]).toBe("RO");
  expect(await site.weir.metric("weir_cluster_overflows_total", { cluster: "spent", limit: "retries" })).toBe(1);
});

test("nothing is left over", async () => {
  await until(
    "no request in flight",
    async () =>
      (await site.weir.metric("weir_listener_requests_active", { listener: "web" })) === 0 &&
      (await site.weir.metric("weir_cluster_requests_active")) === 0,
  );
  for (const cluster of ["h1", "h2"])
    expect(await site.weir.metric("weir_cluster_breaker_open", { cluster, limit: "retries" })).toBe(0);
});
