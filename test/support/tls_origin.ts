import { readFileSync } from "node:fs";
import { createServer, type TLSSocket } from "node:tls";
import type { Pair } from "./tls_pki.ts";

/** A TLS server that says back what it hears, each piece in brackets, behind a greeting with its own name. */
export interface TlsOrigin extends AsyncDisposable {
  readonly port: number;
  /** What each client asked for and what was agreed on. */
  readonly seen: { readonly name: string | false; readonly alpn: string | false }[];
}

export async function startTlsOrigin(name: string, pair: Pair, alpn: readonly string[] = []): Promise<TlsOrigin> {
  const seen: { name: string | false; alpn: string | false }[] = [];
  const open = new Set<TLSSocket>();
  const server = createServer(
    {
      cert: readFileSync(pair.cert),
      key: readFileSync(pair.key),
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    },
    (socket: TLSSocket) => {
      seen.push({ name: (socket as unknown as { servername: string | false }).servername, alpn: socket.alpnProtocol ?? false });
      open.add(socket);
      socket.on("close", () => open.delete(socket));
      socket.on("error", () => {});
      socket.write(`this is ${name};`);
      socket.on("data", (b: Uint8Array) => socket.write(`[${new TextDecoder().decode(b)}]`));
    },
  );
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const at = server.address();
  return {
    port: typeof at === "object" && at !== null ? at.port : 0,
    seen,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        for (const s of open) s.destroy();
        server.close(() => resolve());
      }),
  };
}
