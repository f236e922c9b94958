// A server whose sockets are functions: what it does with a request, and nothing of the kernel's.
import { encodeLatin1 } from "../../src/base/bytes.ts";
import type { Model } from "../../src/config/model.ts";
import { createMemoryPlatform } from "../../src/platform/memory.ts";
import type { Conn, ConnHandler, DialHandler, Listener, Platform } from "../../src/platform/types.ts";
import { Server, type ServerEnv } from "../../src/server/server.ts";
import { parseConfig } from "../../src/source/file/load_config.ts";

const AT = { kind: "tcp", host: "127.0.0.1", port: 8080 } as const;
export const REPLY = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world\n";
export const GET =
  "GET /service-3/items/42?page=2 HTTP/1.1\r\nHost: shop.example.com\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n";

/** A connection whose other end is a function. */
export class Stub {
  readonly info = { id: 1, local: AT, remote: { ...AT, port: 40_000 }, accepted: true };
  readonly tls = null;
  readonly queued = 0;
  handler!: ConnHandler;
  bytes = 0;
  onWrite: (() => void) | null = null;
  setHandler(h: ConnHandler): void {
    this.handler = h;
  }
  write(parts: readonly Uint8Array[]): boolean {
    for (const p of parts) this.bytes += p.length;
    this.onWrite?.();
    return true;
  }
  pause(): void {}
  resume(): void {}
  end(): void {}
  reset(): void {}
  destroy(): void {}
}

export interface StubServer {
  /** The client's connection. */
  readonly down: Stub;
  /** Connections to the upstream, as they were opened. */
  readonly ups: readonly Stub[];
}

/** `route`, `cluster`: further keys in flow style, with a comma before each. `more`: further lines of the config. */
export async function openStub(
  { route = "", cluster = "", more = "", to = "to: app" }: { route?: string; cluster?: string; more?: string; to?: string },
  { childProcesses, ...env }: Partial<ServerEnv> & { childProcesses?: Platform["processes"] } = {},
): Promise<StubServer> {
  const platform = createMemoryPlatform() as { -readonly [K in keyof Platform]: Platform[K] };
  if (childProcesses !== undefined) platform.processes = childProcesses;
  let accept: ((c: Conn) => ConnHandler) | null = null;
  const ups: Stub[] = [];
  platform.listen = (_at, _o, f) => {
    accept = f;
    return Promise.resolve({ address: AT, close: () => Promise.resolve() } as unknown as Listener);
  };
  platform.dial = (_to, _o, h: DialHandler) => {
    const up = new Stub();
    ups.push(up);
    queueMicrotask(() => h.onOpen(up as unknown as Conn));
    return { cancel: () => {} };
  };
  const text = `
admin: false
listeners: { web: { address: "127.0.0.1:8080" } }
routes: [{ name: up, ${to} ${route} }]
clusters: { app: { endpoints: ["127.0.0.1:9000"] ${cluster} } }
${more}`;
  const files = { read: () => Promise.resolve("// a module"), list: () => Promise.resolve([]) };
  const { model, problems } = await parseConfig(text, "weir.yaml", {}, files);
  if (model === null) throw new Error(JSON.stringify(problems));
  const server = new Server({ platform, log: { log: () => {} }, build: { version: "0", commit: "bench" }, ...env });
  const receipt = await server.apply(model as Model);
  if (accept === null) throw new Error(JSON.stringify(receipt));
  const down = new Stub();
  down.setHandler((accept as (c: Conn) => ConnHandler)(down as unknown as Conn));
  return { down, ups };
}

/** Sends the first request, whose connection to the upstream is then kept. */
export async function firstReply({ down, ups }: StubServer): Promise<void> {
  down.handler.onData(encodeLatin1(GET));
  for (let i = 0; i < 50 && (ups[0]?.bytes ?? 0) === 0; i++) await Promise.resolve();
  ups[0]!.handler.onData(encodeLatin1(REPLY));
  for (let i = 0; i < 50 && down.bytes === 0; i++) await Promise.resolve();
}
