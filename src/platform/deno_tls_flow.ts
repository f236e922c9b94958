import { Socket } from "node:net";
import process from "node:process";
import { createSecureContext, TLSSocket } from "node:tls";
import { UV_EOF } from "./uv_binding.ts";

/** What stands below a socket of Deno's `node:tls`; undocumented, so looked for. */
export interface DenoTlsHandle {
  readonly _nativeTcpHandle?: Below | null;
  readStart?(): number;
  readStop?(): number;
  getPeerCertificateChain?(): { readonly certificates: readonly ArrayLike<number>[] } | null;
}
interface Below {
  onread: ((this: Below, chunk: unknown) => void) | null;
  readStart(): number;
  readStop(): number;
}
interface Coupling {
  /** Where a read leaves its size or its error. */
  readonly state: Int32Array;
  readonly nread: number;
}

let found: Coupling | null | undefined;

/** Whether `couple` works on this release of Deno. */
export function findCoupling(): boolean {
  if (found === undefined) found = look();
  return found !== null;
}

/**
 * Deno's TLS socket goes on reading from TCP while it is paused, and holds all of it: a client put 256 MB into memory.
 * So its handle's stop and start reach the handle of TCP as well. It also tells a reset as an end; `onReset` hears of it.
 */
export function couple(tls: DenoTlsHandle | null, onReset: () => void): void {
  const tcp = tls?._nativeTcpHandle;
  if (tls === null || !tcp || !findCoupling()) return;
  const { state, nread } = found!;
  const readStart = tls.readStart!;
  const readStop = tls.readStop!;
  const onread = tcp.onread;
  tcp.onread = function (this: Below, chunk: unknown) {
    const n = state[nread]!;
    if (n < 0 && n !== UV_EOF) onReset();
    else onread?.call(this, chunk);
  };
  // A callback is looked up when reading starts.
  tcp.readStop();
  tcp.readStart();
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
function look(): Coupling | null {
  try {
    const { binding } = process as unknown as { binding(name: string): Record<string, unknown> };
    const stream = binding.call(process, "stream_wrap");
    const state = stream["streamBaseState"];
    const nread = stream["kReadBytesOrError"];
    const wrap = binding.call(process, "tcp_wrap");
    const Tcp = wrap["TCP"] as new (kind: number) => Below;
    const tcp = new Tcp((wrap["constants"] as { SOCKET: number }).SOCKET);
    const raw = new Socket({ handle: tcp } as unknown as ConstructorParameters<typeof Socket>[0]);
    raw.on("error", ignore);
    const socket = new TLSSocket(raw, { isServer: true, secureContext: createSecureContext() });
    socket.on("error", ignore);
    const handle = (socket as unknown as { readonly _handle: DenoTlsHandle | null })._handle;
    const parent = (socket as unknown as { readonly _parent?: Socket })._parent;
    const holds =
      parent === raw &&
      handle?._nativeTcpHandle === tcp &&
      [handle.readStart, handle.readStop, tcp.readStart, tcp.readStop, tcp.onread].every((f) => typeof f === "function");
    socket.destroy();
    raw.destroy();
    return holds && state instanceof Int32Array && typeof nread === "number" ? { state, nread } : null;
  } catch {
    return null;
  }
}

function ignore(): void {}
