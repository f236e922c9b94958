import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { resolve } from "node:path";
import { hasTool, outputOf } from "../plugins/toolchain.ts";
import { get } from "../support/raw_client.ts";
import { startOrigin } from "../support/raw_origin.ts";
import { startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

const plugins = resolve(import.meta.dir, "../../plugins");
const hasPython = await hasTool("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]);
const hasCargo = await hasTool("cargo", ["fetch", "--locked", "--manifest-path", `${plugins}/canary/Cargo.toml`]);
const hasJq = await hasTool("jq", ["--version"]);
/** A runtime takes a while to start beside others that do. */
const SLOW = { startTimeout: "20s", timeout: "5s" };

describe("sample plugins", () => {
  test.skipIf(!hasJq)("the one in shell sets a field", async () => {
    await using site = await startSite({
      route: { filters: [{ plugin: { use: "hello" } }] },
      top: { plugins: { hello: { command: [`${plugins}/shell-hello/shell-hello`], ...SLOW } } },
    });
    expect((await get(site.port, "/", "a", "User-Agent: curl/8.5")).status).toBe(200);
    expect(site.origin.requests.at(-1)!.fields.find(([n]) => n.toLowerCase() === "x-hello")?.[1]).toBe("curl/8.5");
  });

  test.skipIf(!hasPython)("the redactor takes card numbers out of a reply", async () => {
    await using site = await startSite({
      route: { filters: [{ plugin: { use: "redactor", config: { patterns: [{ regex: "secret", replacement: "***" }] } } }] },
      top: { plugins: { redactor: { command: ["python3", `${plugins}/redactor/main.py`], ...SLOW } } },
      origin: {
        async serve(_, conn) {
          await conn.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n");
          for (const piece of ["card 4111 111", "1 1111 1111 se", "cret.\n"]) {
            await conn.send(`${piece.length.toString(16)}\r\n${piece}\r\n`);
          }
          await conn.send("0\r\n\r\n");
        },
      },
    });
    const reply = await get(site.port, "/");
    expect(reply.body).toBe("card **** **** **** 1111 ***.\n");
  });

  test.skipIf(!hasCargo)(
    "the canary sends a share of the clients to another cluster, and the same ones each time",
    async () => {
      // The library's folder, so that what both need is built once.
      const target = `${plugins}/sdk/rust/target`;
      const built = await outputOf("cargo", ["build", "--offline", "--locked", "--target-dir", target], `${plugins}/canary`);
      expect(built.code, built.text).toBe(0);
      await using next = await startOrigin();
      const config = { cookie: "uid", shares: [{ cluster: "next", percent: 50 }] };
      await using site = await startSite({
        route: { filters: [{ plugin: { use: "canary", config } }] },
        clusters: { next: { endpoints: [`127.0.0.1:${next.port}`] } },
        top: { plugins: { canary: { command: [`${target}/debug/canary`], grants: { clusters: ["next"] }, ...SLOW } } },
      });
      const moved: boolean[] = [];
      for (let n = 0; n < 40; n++) {
        const before = next.requests.length;
        expect((await get(site.port, "/", "a", `Cookie: a=b; uid=${n % 20}`)).status).toBe(200);
        moved.push(next.requests.length > before);
      }
      expect(moved.slice(20)).toEqual(moved.slice(0, 20));
      expect(new Set(moved)).toEqual(new Set([true, false]));
    },
    600_000,
  );
});
