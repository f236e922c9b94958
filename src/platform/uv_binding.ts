import process from "node:process";

/** The runtime's own TCP handle, as `node:net` drives it. Callbacks are properties; a request may be any object with `oncomplete`. */
export interface UvTcp {
  onread: ((this: UvTcp, chunk: ArrayBuffer | undefined) => void) | null;
  /** Added here: the connection that rides on the handle. */
  weir: unknown;
  readStart(): number;
  readStop(): number;
  useUserBuffer(b: Uint8Array): void;
  writeBuffer(request: object, b: Uint8Array): number;
  /** One system call for all; `true`: every part is bytes. */
  writev(request: object, parts: readonly Uint8Array[], bytesOnly: true): number;
  shutdown(request: object): number;
  reset(): number;
  close(f?: () => void): void;
  setNoDelay(on: boolean): number;
  setKeepAlive(on: boolean, seconds: number): number;
  connect(request: object, host: string, port: number): number;
  connect6(request: object, host: string, port: number): number;
  bind(host: string, port: number): number;
  bind6(host: string, port: number, flags: number): number;
  getsockname(out: UvName): number;
  getpeername(out: UvName): number;
  /** Takes a connected socket over. */
  open(fd: number): number;
  /** A duplicate of the descriptor, which is the caller's and not close-on-exec; below 0: there is none. */
  fdForIpc(): number;
}
export interface UvName {
  address?: string;
  port?: number;
}
/** A listening handle, made by `node:net`. */
export interface UvServer {
  onconnection: ((this: UvServer, status: number) => void) | null;
  accept(client: UvTcp): number;
}

export interface UvBinding {
  open(): UvTcp;
  /** Set by each read and write: see the fields below. */
  readonly state: Int32Array;
  readonly nread: number;
  readonly wasAsync: number;
  /** `ECONNREFUSED` for -111. */
  name(status: number): string;
}

/** libuv's end of file, on every system. */
export const UV_EOF = -4095;

/**
 * The layer below `node:net`, which skips its streams: on Deno that is half of what a request costs. Found by feature,
 * for it is not documented; null: go through `node:net`.
 */
export function loadUvBinding(): UvBinding | null {
  try {
    const binding = (process as unknown as { binding(name: string): Record<string, unknown> }).binding;
    const stream = binding.call(process, "stream_wrap");
    const tcp = binding.call(process, "tcp_wrap");
    const uv = binding.call(process, "uv");
    const Tcp = tcp["TCP"] as new (kind: number) => UvTcp;
    const kind = (tcp["constants"] as { SOCKET: number }).SOCKET;
    const state = stream["streamBaseState"];
    const nread = stream["kReadBytesOrError"];
    const wasAsync = stream["kLastWriteWasAsync"];
    const errname = uv["errname"];
    if (!(state instanceof Int32Array) || typeof nread !== "number" || typeof wasAsync !== "number") return null;
    if (typeof errname !== "function" || !METHODS.every((m) => typeof Tcp.prototype[m] === "function")) return null;
    return { open: () => new Tcp(kind), state, nread, wasAsync, name: (status) => String(errname(status)) };
  } catch {
    return null;
  }
}

const METHODS: readonly (keyof UvTcp)[] = [
  "readStart",
  "readStop",
  "useUserBuffer",
  "writeBuffer",
  "writev",
  "shutdown",
  "reset",
  "close",
  "setNoDelay",
  "setKeepAlive",
  "connect",
  "connect6",
  "bind",
  "bind6",
  "getsockname",
  "getpeername",
  "open",
  "fdForIpc",
];
