import { Socket } from "node:net";
import process from "node:process";
import { createSecureContext, TLSSocket } from "node:tls";

/** What stands below a socket of Deno's `node:tls`; undocumented, so looked for. */
export interface DenoTlsHandle {
  readonly _nativeTcpHandle?: Readable | null;
  readStart?(): number;
  readStop?(): number;
  getPeerCertificateChain?(): { readonly certificates: readonly ArrayLike<number>[] } | null;
}
interface Readable {
  readStart(): number;
  readStop(): number;
}

let found: boolean | null = null;

/** Whether `couple` works on this release of Deno. */
export function findCoupling(): boolean {
  found ??= look();
  return found;
}

/**
 * Deno's TLS socket goes on reading from TCP while it is paused, and holds all of it: a client put 256 MB into memory.
 * So its handle's stop and start reach the handle of TCP as well.
 */
export function couple(tls: DenoTlsHandle | null): void {
  const tcp = tls?._nativeTcpHandle;
  if (tls === null || !tcp) return;
  const { readStart, readStop } = tls;
  if (readStart === undefined || readStop === undefined) return;
  tls.readStart = () => {
    const status = readStart.call(tls);
    // Closing takes the handle away.
    tls._nativeTcpHandle?.readStart();
    return status;
  };
  tls.readStop = () => {
    tls._nativeTcpHandle?.readStop();
    return readStop.call(tls);
  };
}

/** A TLS socket over a handle that is not connected has all that is relied on, or this is another Deno. */
function look(): boolean {
  try {
    const binding = (process as unknown as { binding(name: string): Record<string, unknown> }).binding("tcp_wrap");
    const Tcp = binding["TCP"] as new (kind: number) => Readable;
    const tcp = new Tcp((binding["constants"] as { SOCKET: number }).SOCKET);
    const raw = new Socket({ handle: tcp } as unknown as ConstructorParameters<typeof Socket>[0]);
    raw.on("error", ignore);
    const socket = new TLSSocket(raw, { isServer: true, secureContext: createSecureContext() });
    socket.on("error", ignore);
    const handle = (socket as unknown as { readonly _handle: DenoTlsHandle | null })._handle;
    const parent = (socket as unknown as { readonly _parent?: Socket })._parent;
    const holds =
      parent === raw &&
      handle?._nativeTcpHandle === tcp &&
      [handle.readStart, handle.readStop, tcp.readStart, tcp.readStop].every((f) => typeof f === "function");
    socket.destroy();
    raw.destroy();
    return holds;
  } catch {
    return false;
  }
}

function ignore(): void {}
