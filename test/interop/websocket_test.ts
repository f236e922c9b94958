import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { connect } from "node:tls";
import { freePort } from "../support/ports.ts";
import { run } from "../support/program.ts";
import { peers } from "./peer.ts";
import { secureFiles, startSecure } from "./secure_site.ts";

/** All cases but those of compression, of which there are 216 that only differ in their sizes: of these the ones with messages of 1 KiB. */
const WHICH = ["[1-9].*", "10.*", "12.*.4", "13.*.4"];
/** How many these are: fewer mean that some did not run. */
const CASES = 313;
const RUN_MS = 300_000;
const FRAME_ROOM = 64 * 1024 * 1024;

interface Verdict {
  readonly behavior: string;
  readonly behaviorClose: string;
}
type Verdicts = Readonly<Record<string, Verdict>>;

/** The better one first. */
const ORDER = [
  "OK",
  "NON-STRICT",
  "INFORMATIONAL",
  "UNIMPLEMENTED",
  "UNCLEAN",
  "WRONG CODE",
  "FAILED BY CLIENT",
  "FAILED",
  "ERROR",
];

const built = await peers("kosoku");

if (built === null) test.skip("Autobahn: what runs it is not there", () => {});
else {
  const echo = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, server) => (server.upgrade(request) ? undefined : new Response("a WebSocket is wanted", { status: 426 })),
    websocket: {
      maxPayloadLength: FRAME_ROOM,
      backpressureLimit: FRAME_ROOM,
      perMessageDeflate: true,
      message: (socket, message) => void socket.send(message, true),
    },
  });
  const site = await startSecure(secureFiles(), ["tls", "plain"], {
    routes: [{ to: "echo" }],
    clusters: { echo: { endpoints: [`127.0.0.1:${echo.port}`] } },
  });
  try {
    const ask = (name: string, url: string): Promise<Verdicts> => drive(built[0]!, url, join(site.files.dir, name));
    const direct = await ask("direct", `ws://127.0.0.1:${echo.port}`);
    compare("plain", direct, await ask("plain", `ws://127.0.0.1:${site.ports.get("plain")}`));
    const port = await freePort();
    const tls = await relay(port, site.ports.get("tls")!, site.files.ca);
    compare("tls", direct, await ask("tls", `ws://127.0.0.1:${port}`));
    tls.close();
    const threw = await site.weir.metric("weir_callback_throws_total");
    test("no callback threw", () => expect(threw).toBe(0));
  } finally {
    await site.weir.kill();
    await echo.stop(true);
  }
}

/** The verdicts of all cases against the server at `url`. */
async function drive(kosoku: string, url: string, out: string): Promise<Verdicts> {
  const ran = await run([kosoku, "-o", out, "-p", "4", ...WHICH.flatMap((id) => ["-i", id]), url], { ms: RUN_MS });
  const index = JSON.parse(readFileSync(join(out, "index.json"), "utf8")) as Record<string, Verdicts>;
  const verdicts = Object.values(index)[0];
  if (verdicts === undefined) throw new Error(`kosoku ended with ${ran.code} and no verdict: ${ran.stderr}`);
  return verdicts;
}

/** Puts TLS around the bytes of cleartext connections, for the client of the cases speaks no TLS. */
function relay(from: number, to: number, caFile: string): Promise<Server> {
  const ca = readFileSync(caFile, "utf8");
  const server = createServer((plain) => {
    const secure = connect({ host: "127.0.0.1", port: to, ca, servername: "localhost" });
    plain.pipe(secure).pipe(plain);
    plain.once("error", () => secure.destroy());
    secure.once("error", () => plain.destroy());
  });
  return new Promise((resolve) => server.listen(from, "127.0.0.1", () => resolve(server)));
}

/** Through Weir no case may come out worse than it does without Weir. */
function compare(listener: string, direct: Verdicts, through: Verdicts): void {
  describe(`Autobahn, ${listener}`, () => {
    test("ran every case", () => expect([Object.keys(direct).length, Object.keys(through).length]).toEqual([CASES, CASES]));
    for (const [id, verdict] of Object.entries(direct)) {
      test(id, () => {
        const got = through[id]!;
        expect(rank(got.behavior), `${got.behavior} instead of ${verdict.behavior}`).toBeLessThanOrEqual(rank(verdict.behavior));
        expect(rank(got.behaviorClose), `${got.behaviorClose} instead of ${verdict.behaviorClose}`).toBeLessThanOrEqual(
          rank(verdict.behaviorClose),
        );
      });
    }
  });
}

function rank(verdict: string): number {
  const at = ORDER.indexOf(verdict);
  return at < 0 ? ORDER.length : at;
}
