import { chmodSync } from "node:fs";
import { BunConn, type BunSocket } from "./bun_conn.ts";
import { BunNet } from "./bun_net.ts";
import { type BunClientContext, BunTls, type BunTlsSocket, findUpgrade } from "./bun_tls.ts";
import { Dialing } from "./dialing.ts";
import { HostServices } from "./host_services.ts";
import { inheritKeepAlive } from "./inherited_keep_alive.ts";
import { type Libc, loadLibc } from "./libc.ts";
import { createNodePlatform } from "./node.ts";
import { type Borrowed, createOsCalls } from "./os_calls.ts";
import { OUT_OF_DESCRIPTORS, ShedNotice } from "./shed_notice.ts";
import { listenFault, type PlatformOptions, systemCode } from "./system_fault.ts";
import type {
  Address,
  Conn,
  ConnHandler,
  DialHandler,
  DialOptions,
  DialTls,
  Listener,
  ListenOptions,
  OsCalls,
  Platform,
  PlatformTls,
} from "./types.ts";
import { clearStaleSocket, inodeOf, isFilePath, removeOwnSocket } from "./unix_path.ts";

/** Bun's own sockets: about a third less CPU and memory than `node:net` on the same runtime. */
export function createBunPlatform(o: PlatformOptions = {}): Platform {
  return new BunPlatform(o.onFault ?? ignoreFault);
}

interface BunListener {
  readonly port: number;
  readonly fd?: number;
  stop(closeActive?: boolean): void;
}
interface DialCall {
  readonly socket: object;
  readonly data: BunConn;
  readonly allowHalfOpen: boolean;
  readonly unix?: string;
  readonly hostname?: string;
  readonly port?: number;
  localAddress?: string;
  tls?: object;
}
interface BunCalls {
  listen(o: object): BunListener;
  connect(o: DialCall): Promise<unknown>;
}
// Bun's types miss `localAddress`, `reusePort` and more of what is used here.
const calls = (globalThis as unknown as { Bun: BunCalls }).Bun;

/** Linux cuts it down to its somaxconn. */
const MAX_BACKLOG = 65535;

class BunPlatform extends HostServices implements Platform {
  readonly name = "bun";
  readonly #libc = loadLibc();
  readonly os: OsCalls | null = this.#libc === null ? null : createOsCalls(this.#libc, fdOf);
  readonly tls: PlatformTls;
  readonly #net: BunNet;
  #canUpgrade: Promise<boolean> | null = null;
  /** One object for all dials: Bun reads its callbacks, the connection is in `socket.data`. */
  readonly #dialing: object;

  constructor(onFault: (e: unknown) => void) {
    super();
    this.#net = new BunNet(onFault);
    this.tls = new BunTls(COMMON);
    this.#dialing = { ...COMMON, open: onOpened, connectError: onConnectError };
  }

  async listen(at: Address, o: ListenOptions, accept: (c: Conn) => ConnHandler): Promise<Listener> {
    if (o.mayBeSecured === true) {
      this.#canUpgrade ??= findUpgrade();
      // Half as much again for a handshake, but no one is left without TLS.
      if (!(await this.#canUpgrade)) return createNodePlatform("bun", { onFault: this.#net.onFault }).listen(at, o, accept);
    }
    if (at.kind === "unix") await clearStaleSocket(at.path);
    return new OpenListener(this.#net, this.#libc, at, o, accept);
  }

  dial(to: Address, o: DialOptions, h: DialHandler): { cancel(): void } {
    const c = new BunConn(this.#net, h, false, to);
    if (o.keepAlive) c.keepAliveMs = o.keepAlive.idleMs;
    const socket = o.tls === undefined ? this.#dialing : dialingTls(o.tls, to.kind === "tcp" ? to.host : "");
    const how: DialCall =
      to.kind === "unix"
        ? { unix: to.path, data: c, socket, allowHalfOpen: true }
        : { hostname: to.host, port: to.port, data: c, socket, allowHalfOpen: true };
    if (o.tls !== undefined) how.tls = (o.tls.context as BunClientContext).optionsFor(o.tls);
    if (o.source !== undefined) how.localAddress = o.source;
    if (!this.#net.budget.takeForDial()) {
      c.connectFailed(OUT_OF_DESCRIPTORS);
      return c;
    }
    const dialing = new Dialing(c, to.kind === "tcp" ? this.#libc : null);
    try {
      // `connectError` has told of it by then; the promise must only not be left unhandled.
      calls.connect(how).catch(ignoreFault);
    } catch (e) {
      this.#net.budget.give();
      c.connectFailed(e);
    }
    return dialing;
  }
}

class OpenListener implements Listener {
  readonly address: Address;
  readonly #listener: BunListener;
  readonly #inode: number | null;
  readonly #notice: ShedNotice;

  constructor(net: BunNet, libc: Libc | null, at: Address, o: ListenOptions, accept: (c: Conn) => ConnHandler) {
    let keepAliveMs = o.keepAlive ? o.keepAlive.idleMs : 0;
    const open = (socket: BunSocket): void => {
      if (!net.budget.takeForAccept()) {
        socket.terminate();
        this.#notice.shed();
        return;
      }
      const c = new BunConn(net, NOBODY, true, this.address);
      c.socket = socket;
      socket.data = c;
      if (keepAliveMs > 0) socket.setKeepAlive(true, keepAliveMs);
      try {
        c.handler = accept(c);
      } catch (e) {
        c.fault(e);
      }
    };
    this.#listener = bind(at, o, { ...COMMON, open });
    // Bun asks for 512 whatever it is told; a second listen() changes the length of a queue that stands.
    const fd = this.#listener.fd;
    if (libc !== null && fd !== undefined && fd >= 0) libc.listen(fd, o.backlog ?? MAX_BACKLOG);
    if (keepAliveMs > 0 && at.kind === "tcp" && inheritKeepAlive(libc, fd, keepAliveMs)) keepAliveMs = 0;
    this.address = at.kind === "unix" ? at : { kind: "tcp", host: at.host, port: this.#listener.port };
    this.#inode = at.kind === "unix" ? inodeOf(at.path) : null;
    this.#notice = new ShedNotice(this.address, o.onError);
  }

  async close(): Promise<void> {
    this.#listener.stop(false);
    if (this.address.kind === "unix") removeOwnSocket(this.address.path, this.#inode);
  }
}

function bind(at: Address, o: ListenOptions, socket: object): BunListener {
  const common = { socket, allowHalfOpen: true };
  try {
    if (at.kind === "unix") return bindPath(at.path, o.mode, common);
    const tcp = { ...common, port: at.port, reusePort: o.reusePort === true, exclusive: o.reusePort !== true };
    if (at.host !== "") return calls.listen({ ...tcp, hostname: at.host, ipv6Only: o.ipv6Only === true });
    try {
      return calls.listen({ ...tcp, hostname: "::" });
    } catch (e) {
      if (!noIpv6(e)) throw e;
      return calls.listen({ ...tcp, hostname: "0.0.0.0" });
    }
  } catch (e) {
    throw listenFault(at, e);
  }
}

/** The mode holds from the moment the file exists: the mask stands while Bun binds, which it does before it returns. */
function bindPath(path: string, mode: number | undefined, common: object): BunListener {
  if (mode === undefined || !isFilePath(path)) return calls.listen({ ...common, unix: path });
  const before = process.umask(0o777 & ~mode);
  try {
    const l = calls.listen({ ...common, unix: path });
    chmodSync(path, mode);
    return l;
  } finally {
    process.umask(before);
  }
}

/** A system without IPv6 says so when the socket is made or bound. */
function noIpv6(e: unknown): boolean {
  const code = systemCode(e);
  return code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL";
}

// Top-level functions, one set for all sockets: the connection is found in `socket.data`.
const COMMON = {
  binaryType: "uint8array",
  data: onData,
  drain: onDrain,
  end: onEnd,
  close: onClose,
  error: onError,
};

function fdOf(c: Conn): Borrowed {
  const fd = (c as BunConn).socket?.fd;
  return fd === undefined || fd < 0 ? null : { fd, release: ignoreFault };
}

const NOBODY: ConnHandler = { onData: ignoreFault, onDrain: ignoreFault, onEnd: ignoreFault, onClose: ignoreFault };

function dialingTls(tls: DialTls, dialed: string): object {
  const context = tls.context as BunClientContext;
  return {
    ...COMMON,
    open: onConnected,
    handshake: (s: BunTlsSocket, _ok: boolean, e: unknown) => context.judge(s, e, tls, dialed),
    connectError: onConnectError,
  };
}
function onConnected(socket: BunSocket): void {
  socket.data.connected(socket);
}
function onOpened(socket: BunSocket): void {
  socket.data.opened(socket);
}
function onConnectError(socket: BunSocket, e: unknown): void {
  socket.data.net.budget.give();
  socket.data.connectFailed(e);
}
function onData(socket: BunSocket, b: Uint8Array): void {
  socket.data.received(b);
}
function onDrain(socket: BunSocket): void {
  socket.data.writable();
}
function onEnd(socket: BunSocket): void {
  socket.data.ended();
}
function onClose(socket: BunSocket, e: unknown): void {
  // Without one: shed before it was made.
  const c = socket.data as BunConn | undefined;
  if (c === undefined) return;
  c.net.budget.give();
  c.closed(e);
}
function onError(socket: BunSocket, e: unknown): void {
  const c = socket.data as BunConn | undefined;
  // TLS that is broken below is no throw: the peer's alert, or what is no record.
  if (systemCode(e) === "EPROTO") c?.broken(e);
  else c?.fault(e);
}
function ignoreFault(): void {}
