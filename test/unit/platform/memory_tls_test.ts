import { describe, expect, test } from "bun:test";
import { MemoryHandshake } from "../../../src/platform/memory_tls.ts";
import { clientOptions, serverOptions } from "../../seam/platform/tls_support.ts";

const server = { server: serverOptions({ cert: "a certificate", key: "k", alpn: ["h2"] }) };
const client = { client: clientOptions({ alpn: ["h2"], cert: "mine", key: "k" }), serverName: "a.test" };

describe("the handshake in memory", () => {
  test("the client's first message is a ClientHello that can be peeked into (RFC 8446 section 4.1.2)", () => {
    const hello = new MemoryHandshake(client).hello();
    expect([...hello.subarray(0, 3)]).toEqual([22, 3, 1]);
    expect((hello[3]! << 8) | hello[4]!).toBe(hello.length - 5);
    expect(hello[5]).toBe(1);
    expect((hello[6]! << 16) | (hello[7]! << 8) | hello[8]!).toBe(hello.length - 9);
    // server_name with its two lengths before the name (RFC 6066 section 3).
    expect(Buffer.from(hello).indexOf("\0\0\0\x0b\0\x09\0\0\x06a.test", 0, "latin1")).toBeGreaterThan(0);
    expect(Buffer.from(hello).indexOf("\0\x10\0\x05\0\x03\x02h2", 0, "latin1")).toBeGreaterThan(0);
  });

  test("it may come in any two pieces, and what follows it is left over", () => {
    const hello = new MemoryHandshake(client).hello();
    for (let cut = 0; cut <= hello.length; cut++) {
      const h = new MemoryHandshake(server);
      const first = h.hear(hello.slice(0, cut));
      const heard = first.state === "more" ? h.hear(Uint8Array.of(...hello.slice(cut), 7, 8)) : first;
      expect(heard).toMatchObject({ state: "done", info: { alpn: "h2", serverName: "a.test" } });
      if (cut < hello.length && heard.state === "done") expect([...heard.rest]).toEqual([7, 8]);
    }
  });

  test("garbage fails, wherever it is", () => {
    const hello = new MemoryHandshake(client).hello();
    expect(new MemoryHandshake(server).hear(Buffer.from("GET /"))).toMatchObject({ state: "failed" });
    expect(new MemoryHandshake(server).hear(Uint8Array.of(22, 3, 1, 255, 255))).toMatchObject({ state: "failed" });
    const cut = hello.slice(0, 60);
    cut[3] = 0;
    cut[4] = 55;
    expect(new MemoryHandshake(server).hear(cut)).toMatchObject({ state: "failed" });
  });
});
