import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../support/deadline.ts";
import { residentBytes } from "../support/process_tree.ts";
import { run } from "../support/program.ts";
import { type SecureSite, secureFiles, startSecure } from "./secure_site.ts";

setDefaultTimeout(600_000);

const REQUESTS = 50_000;
/** No more at once than the origin's queue of connections takes, as HTTP/1.1 needs one for each. */
const MANY = ["-c", "50", "-m", "8"];
const BIG_REQUESTS = 400;
const BIG = new Uint8Array(1024 * 1024).fill(0x78);
/** What memory may grow by from the second round to the fifth: a leak of a stream is a KiB and more, 150,000 times. */
const ROOM = 48 * 1024 * 1024;
const ROUNDS = 5;

/** Name, listener and how h2load asks. */
const LOADS: readonly (readonly [string, string, readonly string[]])[] = [
  ["HTTP/2 over TLS", "tls", []],
  ["HTTP/2 in cleartext", "plain", []],
  ["HTTP/1.1 over TLS", "tls", ["--h1"]],
  ["HTTP/1.1 in cleartext", "plain", ["--h1"]],
];

if (Bun.which("h2load") === null) {
  console.warn("skipped: what needs h2load: install it (apt-get install nghttp2-client)");
  test.skip("h2load: there is none in PATH", () => {});
} else {
  let site: SecureSite;
  let origin: ReturnType<typeof Bun.serve>;

  beforeAll(async () => {
    origin = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (r) => (new URL(r.url).pathname === "/big" ? new Response(BIG) : new Response("hello from the origin\n")),
    });
    site = await startSecure(secureFiles(), ["tls", "plain"], {
      routes: [{ to: "origin" }],
      clusters: { origin: { endpoints: [`127.0.0.1:${origin.port}`] } },
    });
  });
  afterAll(async () => {
    await site.weir.kill();
    await origin.stop(true);
  });

  const load = async (listener: string, path: string, args: readonly string[]): Promise<void> => {
    const n = args[args.indexOf("-n") + 1]!;
    const scheme = listener === "tls" ? "https" : "http";
    const ran = await run(["h2load", "-t", "1", ...args, `${scheme}://localhost:${site.ports.get(listener)}${path}`], {
      ms: 240_000,
    });
    expect(ran.stdout, ran.stderr).toContain(`${n} succeeded, 0 failed, 0 errored, 0 timeout`);
    expect(ran.stdout).toContain(`status codes: ${n} 2xx`);
  };

  describe.each(LOADS)("h2load, %s", (_, listener, how) => {
    test("many streams on many connections, and no memory is kept", async () => {
      let before = 0;
      for (let round = 1; round <= ROUNDS; round++) {
        await load(listener, "/", ["-n", String(REQUESTS), ...MANY, ...how]);
        if (round === 2) before = residentBytes(site.weir.pid);
      }
      expect(residentBytes(site.weir.pid) - before).toBeLessThan(ROOM);
    });

    test("big bodies", () => load(listener, "/big", ["-n", String(BIG_REQUESTS), "-c", "10", "-m", "8", ...how]));

    test("nothing is left open", async () => {
      for (const name of ["weir_listener_connections_active", "weir_listener_requests_active"])
        await until(`${name} to be 0`, async () => (await site.weir.metric(name, { listener })) === 0);
      expect(await site.weir.metric("weir_callback_throws_total")).toBe(0);
    });
  });
}
