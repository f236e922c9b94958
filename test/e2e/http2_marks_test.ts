import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { type H2Origin, startH2Origin } from "../support/h2_origin.ts";
import { type H2PeerStream, request } from "../support/h2_peer.ts";
import { type Listeners, startListeners } from "../support/listeners.ts";
import { openH2 } from "../support/tls_client.ts";
import { Pki } from "../support/tls_pki.ts";

setDefaultTimeout(30_000);

const ASKED = ["x-up", "x-replaced", "x-passed"];
const pki = new Pki();
let origin: H2Origin;
let w: Listeners;

beforeAll(async () => {
  origin = await startH2Origin({ serve });
  const to = { to: "up", requestHeaders: { set: { "x-replaced": "new" }, remove: ["x-gone"] } };
  w = await startListeners(
    { web: { tls: { certificates: [pki.server("a", ["a"])] } } },
    {
      clusters: { up: { endpoints: [`127.0.0.1:${origin.port}`], protocol: "h2c" } },
      routes: [
        { match: { prefix: "/filtered" }, filters: [{ grpcWeb: {} }], ...to, responseHeaders: { set: { "x-changed": "new" } } },
        { ...to, responseHeaders: { set: { "x-changed": "new" } } },
      ],
    },
  );
});
afterAll(async () => {
  await w[Symbol.asyncDispose]();
  await origin[Symbol.asyncDispose]();
  pki[Symbol.dispose]();
});

/** Marks a field of each section, when it was asked so. */
async function serve(s: H2PeerStream): Promise<void> {
  await s.peer.when("a whole request", 5000, () => s.ended);
  const never = s.field("x-mark") === "no" ? [] : ["x-down", "x-changed"];
  const f = [
    ["x-down", "1"],
    ["x-changed", "old"],
    ["x-open", "1"],
  ] as const;
  s.sendHead([[":status", "103"], ...f], false, never);
  s.sendHead([[":status", "200"], ...f], false, never);
  s.sendHead(f, true, never);
}

for (const path of ["/plain?a=b", "/filtered?a=b"])
  test(`RFC 7541 6.2.3: a field that its sender marks is marked behind Weir, both ways: ${path}`, async () => {
    using conn = await openH2(w.port["web"]!, { name: "a" });
    // Three times, as what comes again is what gets into tables.
    for (let i = 0; i < 3; i++) {
      const more = [
        ["x-up", "1"],
        ["x-gone", "1"],
        ["x-replaced", "old"],
        ["x-open", "1"],
        ["content-type", "application/grpc-web"],
      ] as const;
      const s = conn.open(request("POST", "a", path, ...more), false, [":path", ...ASKED, "x-gone"]);
      s.sendHead([["x-check", "1"]], true, ["x-check"]);
      await s.done();
      expect(s.neverIndexed.at(0)).toEqual(["x-down", "x-changed"]);
      const final = s.blocks.findIndex((b) => b[0]?.[1] === "200");
      expect([...s.neverIndexed[final]!].sort()).toEqual(["x-changed", "x-down"]);
      expect(s.field("x-changed")).toBe("new");
      const there = origin.streams.at(-1)!;
      expect(there.neverIndexed[0]).toEqual([":path", "x-up", "x-replaced"]);
      expect(there.field("x-replaced")).toBe("new");
      if (path.startsWith("/plain")) {
        expect(there.neverIndexed[1]).toEqual(["x-check"]);
        expect(s.neverIndexed.at(-1)).toEqual(["x-down", "x-changed"]);
      }
    }
  });

test("what nobody marks is marked by nobody, though the same connection carried marks before", async () => {
  using conn = await openH2(w.port["web"]!, { name: "a" });
  const s = await conn.get("a", "/plain", ["x-up", "1"], ["x-mark", "no"]).done();
  expect(s.neverIndexed).toEqual([[], [], []]);
  expect(origin.streams.at(-1)!.neverIndexed).toEqual([[]]);
  expect(await w.site.weir.metric("weir_callback_throws_total")).toBe(0);
});
