import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { resolve } from "node:path";
import { hasTool } from "../plugins/toolchain.ts";
import { get } from "../support/raw_client.ts";
import { startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

const plugins = resolve(import.meta.dir, "../../plugins");
const hasPython = await hasTool("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]);
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
});
