import { chmodSync } from "node:fs";
import {
  connect,
  createServer,
  type NetConnectOpts,
  type ListenOptions as NodeListenOptions,
  type Server,
  Socket,
} from "node:net";
import process from "node:process";
import { AcceptRetry } from "./accept_retry.ts";
import { DescriptorBudget } from "./descriptor_budget.ts";
import { HostServices } from "./host_services.ts";
import { loadLibc } from "./libc.ts";
import { NodeConn, type NodeNet } from "./node_conn.ts";
import { NodeTls } from "./node_tls.ts";
import { type Borrowed, createOsCalls } from "./os_calls.ts";
import { ShedNotice } from "./shed_notice.ts";
import { acceptFault, listenFault, type PlatformOptions, systemCode } from "./system_fault.ts";
import type {
  Address,
  Conn,
  ConnHandler,
  DialHandler,
  DialOptions,
  Listener,
  ListenOptions,
  OsCalls,
  Platform,
  PlatformTls,
} from "./types.ts";
import { clearStaleSocket, inodeOf, isFilePath, removeOwnSocket } from "./unix_path.ts";
import { loadUvBinding, type UvBinding } from "./uv_binding.ts";
import { UvNet } from "./uv_net.ts";
import { acceptUv, dialUv, serverHandle } from "./uv_socket.ts";
import { UvTlsPlatform } from "./uv_tls.ts";
import { loadUvTlsBinding } from "./uv_tls_binding.ts";

export interface NodeOptions extends PlatformOptions {
  /** Deno: carry TCP on the handles below `node:net`, which costs a third less; true by default. Where they are not found, and elsewhere: `node:net` itself. */
  readonly handles?: boolean;
}

/** `node:net`: complete on Bun, Deno and Node. */
export function createNodePlatform(name: "bun" | "deno" | "node", o: NodeOptions = {}): Platform {
  const binding = name === "deno" && o.handles !== false ? loadUvBinding() : null;
  return new NodePlatform(name, o.onFault ?? ignore, binding);
}

/** Linux cuts it down to its somaxconn. */
const BACKLOG = 65535;

/** `binding`: handles below `node:net` that carry TCP instead of its sockets; null: none. */
class NodePlatform extends HostServices implements Platform {
  readonly name: "bun" | "deno" | "node";
  readonly #libc = loadLibc();
  readonly os: OsCalls | null = this.#libc === null ? null : createOsCalls(this.#libc, (c) => this.#fdOf(c));
  readonly tls: PlatformTls;
  readonly #net: NodeNet;
  readonly #uv: UvNet | null;
  /** Whether connections on the handles below `node:net` can speak TLS. */
  readonly #securesHandles: boolean;

  constructor(name: "bun" | "deno" | "node", onFault: (e: unknown) => void, binding: UvBinding | null) {
    super();
    this.name = name;
    const tls = binding === null ? null : loadUvTlsBinding(binding);
    this.tls = tls === null ? new NodeTls(name) : new UvTlsPlatform(tls);
    this.#securesHandles = tls !== null;
    const budget = new DescriptorBudget();
    this.#uv = binding === null ? null : new UvNet(binding, budget, onFault);
    this.#net = { onFault, budget, nextId: 1 };
  }

  async listen(at: Address, o: ListenOptions, accept: (c: Conn) => ConnHandler): Promise<Listener> {
    if (at.kind === "unix") {
      await clearStaleSocket(at.path);
      return this.#open(at, { path: at.path }, o, accept);
    }
    const reusePort = o.reusePort === true;
    const tcp = { port: at.port, backlog: o.backlog ?? BACKLOG, exclusive: true, ...(reusePort ? { reusePort } : {}) };
    if (at.host !== "") return this.#open(at, { ...tcp, host: at.host, ipv6Only: o.ipv6Only === true }, o, accept);
    try {
      return await this.#open(at, { ...tcp, host: "::" }, o, accept);
    } catch (e) {
      if (!noIpv6(e)) throw e;
      return this.#open(at, { ...tcp, host: "0.0.0.0" }, o, accept);
    }
  }

  dial(to: Address, o: DialOptions, h: DialHandler): { cancel(): void } {
    if (this.#uv !== null && to.kind === "tcp" && (this.#securesHandles || o.tls === undefined))
      return dialUv(this.#uv, to, o, h);
    if (!this.#net.budget.takeForDial()) {
      const c = new NodeConn(this.#net, new Socket(), h, false, to);
      c.refuse();
      return c;
    }
    const how: NetConnectOpts =
      to.kind === "unix"
        ? { path: to.path, allowHalfOpen: true }
        : {
            host: to.host,
            port: to.port,
            allowHalfOpen: true,
            noDelay: true,
            autoSelectFamily: false,
            ...(o.source === undefined ? {} : { localAddress: o.source }),
          };
    const socket = connect(how);
    if (o.keepAlive) socket.setKeepAlive(true, o.keepAlive.idleMs);
    return new NodeConn(this.#net, socket, h, false, to, o.tls ?? null);
  }

  #open(at: Address, how: NodeListenOptions, o: ListenOptions, accept: (c: Conn) => ConnHandler): Promise<Listener> {
    return new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true });
      server.once("error", (e) => reject(listenFault(at, e)));
      // The mode holds from the moment the file exists: the mask stands while the runtime binds, which it does before it returns.
      const mask = at.kind === "unix" && o.mode !== undefined ? process.umask(0o777 & ~o.mode) : null;
      server.listen(how, () => {
        if (at.kind === "unix" && o.mode !== undefined && isFilePath(at.path)) chmodSync(at.path, o.mode);
        const listener = new OpenListener(server, at);
        this.#setBacklog(server, o.backlog ?? BACKLOG);
        server.removeAllListeners("error");
        server.on("error", (e) => o.onError?.(acceptFault(listener.address, e)));
        const keepAliveMs = o.keepAlive ? o.keepAlive.idleMs : 0;
        if (this.#uv !== null && listener.address.kind === "tcp" && (this.#securesHandles || o.mayBeSecured !== true)) {
          acceptUv(this.#uv, serverHandle(server), listener.address, o, accept);
        } else {
          const notice = new ShedNotice(listener.address, o.onError);
          const retry = this.name === "deno" ? new AcceptRetry(serverHandle(server), this.#net.budget) : null;
          server.on("connection", (socket) => {
            if (this.#net.budget.takeForAccept()) {
              this.#accepted(socket, listener.address, keepAliveMs, accept);
              retry?.accepted();
            } else {
              socket.on("error", ignore);
              socket.resetAndDestroy();
              notice.shed();
              retry?.shed();
            }
          });
        }
        resolve(listener);
      });
      if (mask !== null) process.umask(mask);
    });
  }

  /** Bun asks for 512 whatever it is told; a second listen() changes the length of a queue that stands. */
  #setBacklog(server: Server, backlog: number): void {
    const fd = (server as unknown as HandleOwner)._handle?.fd;
    if (this.name === "bun" && fd !== undefined && fd >= 0) this.#libc?.listen(fd, backlog);
  }

  /** Bun and Node know the descriptor; Deno gives a duplicate. */
  #fdOf(c: Conn): Borrowed {
    const handle = c instanceof NodeConn ? (c.socket as unknown as HandleOwner)._handle : null;
    if (handle?.fd !== undefined && handle.fd >= 0) return { fd: handle.fd, release: ignore };
    const fd = handle?.fdForIpc?.() ?? -1;
    return fd < 0 ? null : { fd, release: () => this.#libc?.close(fd) };
  }

  #accepted(socket: Socket, at: Address, keepAliveMs: number, accept: (c: Conn) => ConnHandler): void {
    if (keepAliveMs > 0) socket.setKeepAlive(true, keepAliveMs);
    const c = new NodeConn(this.#net, socket, NOBODY, true, at);
    try {
      c.handler = accept(c);
    } catch (e) {
      c.fault(e);
    }
  }
}

/** What stands below a socket or a server of `node:net`; undocumented, so looked for. */
interface HandleOwner {
  readonly _handle: { readonly fd?: number; fdForIpc?(): number } | null;
}

class OpenListener implements Listener {
  readonly address: Address;
  readonly #server: Server;
  readonly #inode: number | null;

  constructor(server: Server, at: Address) {
    this.#server = server;
    const bound = server.address();
    this.address = at.kind === "tcp" && bound !== null && typeof bound === "object" ? { ...at, port: bound.port } : at;
    this.#inode = at.kind === "unix" ? inodeOf(at.path) : null;
  }

  close(): Promise<void> {
    // The callback waits for every connection's end; the socket itself is closed when the call returns.
    this.#server.close();
    if (this.address.kind === "unix") removeOwnSocket(this.address.path, this.#inode);
    return Promise.resolve();
  }
}

/** A system without IPv6 says so when the socket is made or bound. */
function noIpv6(e: unknown): boolean {
  const code = systemCode(e instanceof Error ? e.cause : e);
  return code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL";
}

const NOBODY: ConnHandler = { onData: ignore, onDrain: ignore, onEnd: ignore, onClose: ignore };
function ignore(): void {}
