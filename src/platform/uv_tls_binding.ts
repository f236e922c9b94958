import { Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import type { UvBinding, UvTcp } from "./uv_binding.ts";

/** The runtime's own TLS below `node:tls`: it is fed with what the handle of TCP reads, and writes to that handle itself. */
export interface UvTls {
  /** Plain bytes, in the buffer of `useUserBuffer`, or the end of them. */
  onread: (this: UvTls) => void;
  onhandshakedone: (this: UvTls) => void;
  onerror: (this: UvTls, e: Error) => void;
  /** Added here: what rides on it. */
  weir: unknown;
  /** 0, or the options can't be used. Afterwards comes `setAlpnProtocols`. */
  initServerTls(context: object): number;
  /** `name`: "" sends none. */
  initClientTls(name: string, context: object): number;
  setAlpnProtocols(wire: Uint8Array): void;
  attach(tcp: UvTcp): number;
  /** Who the callbacks are called on; it holds itself until `destroySsl`. */
  setHandle(self: UvTls): void;
  useUserBuffer(b: Uint8Array): void;
  start(): number;
  receive(ciphertext: Uint8Array): void;
  readStart(): number;
  /** One at a time: the next before `oncomplete` would take its place. It copies, and always completes on a later turn. */
  writeBuffer(request: object, b: Uint8Array): number;
  /** Sends close_notify. */
  shutdown(request: object): number;
  setClosing(): void;
  destroySsl(): void;
  getProtocol(out: { protocol?: string }): number;
  getCipher(out: { name?: string }): number;
  getAlpnNegotiatedProtocol(out: { alpnProtocol?: string | false }): number;
  getServername(): string | null | undefined;
  getPeerCertificateChain(): { readonly certificates: readonly ArrayLike<number>[] } | null;
  isSessionReused(): boolean;
}

export interface UvTlsBinding {
  open(side: "client" | "server"): UvTls;
}

const CLIENT = 0;
const SERVER = 1;

/** Found by feature, for it is not documented; null: TLS goes through `node:tls`. */
export function loadUvTlsBinding(binding: UvBinding): UvTlsBinding | null {
  try {
    const raw = new Socket({ handle: binding.open() } as unknown as ConstructorParameters<typeof Socket>[0]);
    raw.on("error", ignore);
    const socket = new TLSSocket(raw, { isServer: true, secureContext: createSecureContext() });
    socket.on("error", ignore);
    const handle = (socket as unknown as { readonly _handle: object })._handle;
    const Wrap = handle.constructor as new (kind: number, provider: number) => UvTls;
    socket.destroy();
    raw.destroy();
    if (!METHODS.every((m) => typeof Wrap.prototype[m] === "function")) return null;
    const open = (side: "client" | "server"): UvTls => new Wrap(side === "client" ? CLIENT : SERVER, 0);
    return typeof open("server").start === "function" ? { open } : null;
  } catch {
    return null;
  }
}

const METHODS: readonly (keyof UvTls)[] = [
  "initServerTls",
  "initClientTls",
  "setAlpnProtocols",
  "attach",
  "setHandle",
  "useUserBuffer",
  "start",
  "receive",
  "readStart",
  "writeBuffer",
  "shutdown",
  "setClosing",
  "destroySsl",
  "getProtocol",
  "getCipher",
  "getAlpnNegotiatedProtocol",
  "getServername",
  "getPeerCertificateChain",
  "isSessionReused",
];

function ignore(): void {}
