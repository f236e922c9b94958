// The relay under measurement: prints its port, then carries bytes both ways until it is killed.
import process from "node:process";
import { createBunPlatform } from "../../src/platform/bun.ts";
import { createNodePlatform } from "../../src/platform/node.ts";
import type { Conn, ConnHandler, DialHandler, Platform } from "../../src/platform/types.ts";

const [adapter, upstreamPort] = process.argv.slice(2);

function createPlatform(): Platform {
  if (adapter === "bun") return createBunPlatform();
  if (adapter === "handles") return createNodePlatform("deno");
  return createNodePlatform("Bun" in globalThis ? "bun" : "deno", { handles: false });
}

/** One direction: what comes here is written to `to`. */
class Pipe implements DialHandler {
  from: Conn | null = null;
  to: Conn | null = null;
  other: Pipe | null = null;
  #early: Uint8Array[] = [];

  onOpen(c: Conn): void {
    this.from = c;
    const other = this.other!;
    other.to = c;
    if (other.#early.length > 0) c.write(other.#early);
    other.#early = [];
  }
  onData(b: Uint8Array): void {
    if (this.to === null) this.#early.push(b);
    else if (!this.to.write([b])) this.from!.pause();
  }
  onDrain(): void {
    this.other!.from!.resume();
  }
  onEnd(): void {
    this.to?.end();
  }
  onClose(): void {
    this.to?.destroy(null);
  }
}

const platform = createPlatform();
const listener = await platform.listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, {}, (c): ConnHandler => {
  const down = new Pipe();
  const up = new Pipe();
  down.from = c;
  down.other = up;
  up.to = c;
  up.other = down;
  platform.dial({ kind: "tcp", host: "127.0.0.1", port: Number(upstreamPort) }, {}, up);
  return down;
});
if (listener.address.kind === "tcp") console.log(listener.address.port);
