import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../support/deadline.ts";
import { freePort } from "../support/ports.ts";
import { openClient } from "../support/raw_client.ts";
import { startOrigin } from "../support/raw_origin.ts";
import { type Act, askOn, ScriptedOrigins } from "../support/scripted_origins.ts";
import { type Site, startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

const VERSIONS = ["h1", "h2"] as const;
const PAIRS = VERSIONS.flatMap((down) => VERSIONS.map((up) => [down, up] as const));

let origins: ScriptedOrigins;
let shadows: ScriptedOrigins;
let site: Site;

/** The mirror does what the path says; the real ones are always good. */
function shadow(path: string): Act {
  const what = path.split("/")[2]!;
  if (what === "reset") return { kind: "reset" };
  if (what === "silence") return { kind: "silence" };
  return { kind: "reply", status: 500, body: "shadow", fields: [["x-from", "shadow"]] };
}

beforeAll(async () => {
  origins = await ScriptedOrigins.start((_p, _n, seen) => ({ kind: "reply", status: 200, body: `real ${seen.body}` }));
  shadows = await ScriptedOrigins.start((path) => shadow(path));
  const dead = await freePort();
  const to = (cluster: string): object => ({
    name: cluster,
    match: [{ prefix: `/${cluster}` }],
    to: cluster,
    mirror: ["shadow-h1", "shadow-h2"],
  });
  site = await startSite({
    listener: { detect: true },
    routes: [to("h1"), to("h2"), { name: "dead", match: [{ prefix: "/dead" }], to: "h1", mirror: "nobody" }],
    clusters: {
      h1: { endpoints: [`127.0.0.1:${origins.h1.port}`] },
      h2: { endpoints: [`127.0.0.1:${origins.h2.port}`], protocol: "h2c" },
      "shadow-h1": { endpoints: [`127.0.0.1:${shadows.h1.port}`] },
      "shadow-h2": { endpoints: [`127.0.0.1:${shadows.h2.port}`], protocol: "h2c" },
      nobody: { endpoints: [`127.0.0.1:${dead}`] },
    },
  });
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await origins[Symbol.asyncDispose]();
  await shadows[Symbol.asyncDispose]();
});

for (const [down, up] of PAIRS) {
  describe(`${down} in, ${up} out`, () => {
    test("each mirror has a copy, byte for byte, under a host of its own, and the client the real reply", async () => {
      const at = `/${up}/copy/${down}`;
      const body = Array.from({ length: 100_000 }, (_, i) => String.fromCharCode(32 + ((i * 7) % 90))).join("");
      const trailers = [["x-t", "u"]] as const;
      const got = await askOn(down, site.port, at, { method: "POST", body, trailers });
      expect([got.status, got.body === `real ${body}`]).toEqual([200, true]);
      expect(got.fields.some(([n]) => n.toLowerCase() === "x-from")).toBe(false);
      await shadows.asked(at, 2);
      expect(origins.of(at).map((s) => s.host)).toEqual(["test.example"]);
      for (const s of shadows.of(at)) {
        expect([s.method, s.host, s.body === body, s.trailers.map(([n, v]) => `${n.toLowerCase()}: ${v}`)]).toEqual([
          "POST",
          "test.example-shadow",
          true,
          ["x-t: u"],
        ]);
      }
    });

    test("a mirror that resets or says nothing is felt by nobody", async () => {
      for (const what of ["reset", "silence"]) {
        const at = `/${up}/${what}/${down}`;
        expect((await askOn(down, site.port, at, { method: "PUT", body: "x" })).body).toBe("real x");
        await shadows.asked(at, 2);
        expect((await site.logged(at))["flags"]).toBe("");
      }
    });
  });
}

test("a mirror that refuses connections is felt by nobody, and counted", async () => {
  for (let i = 0; i < 3; i++) expect((await askOn("h1", site.port, `/dead/${i}`)).status).toBe(200);
  await until(
    "the copies to be counted",
    async () => (await site.weir.metric("weir_cluster_mirrored_requests_total", { cluster: "nobody", end: "failed" })) === 3,
  );
  expect(await site.weir.metric("weir_cluster_faults_total", { cluster: "nobody" })).toBe(0);
});

test("a mirror that takes nothing is cut off, and the upload goes on", async () => {
  const stuck = await startOrigin({ open: (conn) => conn.socket.pause() });
  await using slow = await startSite({
    route: { mirror: "stuck" },
    clusters: { stuck: { endpoints: [`127.0.0.1:${stuck.port}`] } },
    origin: {
      serve: (r, conn) => conn.send(`HTTP/1.1 200 OK\r\nContent-Length: ${String(r.body.length).length}\r\n\r\n${r.body.length}`),
    },
  });
  const size = 32 * 1024 * 1024;
  using client = await openClient(slow.port);
  await client.send(`PUT /up HTTP/1.1\r\nHost: test.example\r\nContent-Length: ${size}\r\n\r\n`);
  const piece = "x".repeat(1024 * 1024);
  for (let sent = 0; sent < size; sent += piece.length) await client.send(piece);
  expect((await client.response("PUT", 30_000)).body).toBe(String(size));
  await until(
    "the copy to be cut",
    async () => (await slow.weir.metric("weir_cluster_mirrored_requests_total", { cluster: "stuck", end: "cut" })) === 1,
  );
  await stuck.close();
});
