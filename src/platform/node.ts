import { connect, type NetConnectOpts, type Server, Socket } from "node:net";
import { NO_BYTES } from "../base/bytes.ts";
import { AcceptRetry } from "./accept_retry.ts";
import { connectedSocket } from "./connected_socket.ts";
import { DescriptorBudget } from "./descriptor_budget.ts";
import { bindHeld, checkHeld } from "./held_listener.ts";
import { HostProcesses } from "./host_processes.ts";
import { HostServices } from "./host_services.ts";
import { closeInheritedDuplicates } from "./inherited_duplicates.ts";
import { loadLibc } from "./libc.ts";
import { createLinuxCalls } from "./linux_calls.ts";
import { loadLinuxLibc } from "./linux_libc.ts";
import { NodeConn, type NodeNet } from "./node_conn.ts";
import { duplicateOf, ownDescriptor } from "./node_descriptor.ts";
import { type OpenServer, openBound, openHeld } from "./node_listener.ts";
import { NodeTls } from "./node_tls.ts";
import { type Borrowed, createOsCalls } from "./os_calls.ts";
import { needsRawDial, RawDial } from "./raw_dial.ts";
import { ShedNotice } from "./shed_notice.ts";
import { acceptFault, type PlatformOptions } from "./system_fault.ts";
import type {
  Address,
  AdoptOptions,
  Conn,
  ConnHandler,
  DialHandler,
  DialOptions,
  HeldListener,
  HeldUdp,
  LinuxCalls,
  Listener,
  ListenOptions,
  OsCalls,
  Platform,
  PlatformTls,
  Processes,
  TcpAddress,
  UdpHandler,
  UdpOptions,
  UdpPort,
} from "./types.ts";
import { createUdp, type Udp } from "./udp.ts";
import { clearStaleSocket } from "./unix_path.ts";
import { loadUvBinding, type UvBinding } from "./uv_binding.ts";
import { UvConn } from "./uv_conn.ts";
import { UvNet } from "./uv_net.ts";
import { acceptUv, adoptUv, dialUv, serverHandle } from "./uv_socket.ts";
import { UvTlsPlatform } from "./uv_tls.ts";
import { loadUvTlsBinding } from "./uv_tls_binding.ts";

export interface NodeOptions extends PlatformOptions {
  /** Deno: carry TCP on the handles below `node:net`, which costs a third less; true by default. Where they are not found, and elsewhere: `node:net` itself. */
  readonly handles?: boolean;
}

/** `node:net`: complete on Bun, Deno and Node. */
export function createNodePlatform(name: "bun" | "deno" | "node", o: NodeOptions = {}): Platform {
  if (name === "deno") closeInheritedDuplicates();
  const binding = name === "deno" && o.handles !== false ? loadUvBinding() : null;
  return new NodePlatform(name, o.onFault ?? ignore, binding);
}

/** `binding`: handles below `node:net` that carry TCP instead of its sockets; null: none. */
class NodePlatform extends HostServices implements Platform {
  readonly name: "bun" | "deno" | "node";
  readonly #libc = loadLibc();
  readonly #linuxLibc = loadLinuxLibc();
  readonly os: OsCalls | null = this.#libc === null ? null : createOsCalls(this.#libc, (c) => this.#fdOf(c));
  readonly linux: LinuxCalls | null = this.#linuxLibc === null ? null : createLinuxCalls(this.#linuxLibc, (c) => this.#fdOf(c));
  readonly processes: Processes = new HostProcesses(this.#linuxLibc);
  readonly tls: PlatformTls;
  readonly #net: NodeNet;
  readonly #uv: UvNet | null;
  /** Whether connections on the handles below `node:net` can speak TLS. */
  readonly #securesHandles: boolean;
  readonly #udp: Udp;

  constructor(name: "bun" | "deno" | "node", onFault: (e: unknown) => void, binding: UvBinding | null) {
    super();
    this.name = name;
    const tls = binding === null ? null : loadUvTlsBinding(binding);
    this.tls = tls === null ? new NodeTls(name) : new UvTlsPlatform(tls);
    this.#securesHandles = tls !== null;
    const budget = new DescriptorBudget();
    this.#uv = binding === null ? null : new UvNet(binding, budget, onFault, this.#linuxLibc);
    this.#net = { onFault, budget, libc: this.#linuxLibc, nextId: 1 };
    this.#udp = createUdp(this.#linuxLibc, budget, onFault);
  }

  async listen(at: Address | HeldListener, o: ListenOptions, accept: (c: Conn) => ConnHandler): Promise<Listener> {
    const { server, listener } = await this.#open(at, o);
    server.on("error", (e) => o.onError?.(acceptFault(listener.address, e)));
    this.#acceptOn(server, listener.address, o, accept);
    return listener;
  }

  adopt(fd: number, o: AdoptOptions, open: (c: Conn) => ConnHandler): Conn {
    const { local, remote } = connectedSocket(this.#linuxLibc, fd);
    const at = o.accepted ? local : remote;
    if (this.#uv !== null && at.kind === "tcp") {
      const c = adoptUv(this.#uv, fd, at, o, open);
      if (c !== null) return c;
    }
    this.#net.budget.takeOpen();
    // Bun reads nothing from a socket that was made with a descriptor, and Deno connects to none.
    const socket = this.name === "bun" ? connect(withDescriptor(fd)) : new Socket(withDescriptor(fd));
    if (o.keepAlive) socket.setKeepAlive(true, o.keepAlive.idleMs);
    const c = new NodeConn(this.#net, socket, NOBODY, true, at);
    c.adopted(o.accepted, o.unread ?? NO_BYTES);
    try {
      c.handler = open(c);
    } catch (e) {
      c.fault(e);
    }
    c.started();
    return c;
  }

  async udp(at: TcpAddress | HeldUdp, o: UdpOptions, h: UdpHandler): Promise<UdpPort> {
    return await this.#udp.bind(at, o, h);
  }

  connectUdp(to: TcpAddress, source: string | null, h: UdpHandler): UdpPort {
    return this.#udp.connect(to, source, h);
  }

  dial(to: Address, o: DialOptions, h: DialHandler): { cancel(): void } {
    if (to.kind === "tcp" && needsRawDial(o))
      return new RawDial(
        { libc: this.#linuxLibc, onFault: this.#net.onFault, adopt: (fd, how, open) => this.adopt(fd, how, open) },
        to,
        o,
        h,
      );
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
    return new NodeConn(this.#net, socket, h, false, to, o);
  }

  async #open(at: Address | HeldListener, o: ListenOptions): Promise<OpenServer> {
    if ("fd" in at) return await openHeld(this.#linuxLibc, checkHeld(this.linux, at), o);
    if (this.linux !== null) return await openHeld(this.#linuxLibc, await bindHeld(this.linux, at, o), o);
    if (at.kind === "unix") await clearStaleSocket(at.path);
    return await openBound(at, o);
  }

  #acceptOn(server: Server, at: Address, o: ListenOptions, accept: (c: Conn) => ConnHandler): void {
    const keepAliveMs = o.keepAlive ? o.keepAlive.idleMs : 0;
    if (this.#uv !== null && at.kind === "tcp" && (this.#securesHandles || o.mayBeSecured !== true)) {
      acceptUv(this.#uv, serverHandle(server), at, o, accept);
      return;
    }
    const notice = new ShedNotice(at, o.onError);
    const retry = this.name === "deno" ? new AcceptRetry(serverHandle(server), this.#net.budget) : null;
    server.on("connection", (socket) => {
      if (this.#net.budget.takeForAccept()) {
        this.#accepted(socket, at, keepAliveMs, accept);
        retry?.accepted();
      } else {
        socket.on("error", ignore);
        socket.resetAndDestroy();
        notice.shed();
        retry?.shed();
      }
    });
  }

  /** Bun and Node know the descriptor; Deno gives a duplicate. */
  #fdOf(c: Conn): Borrowed {
    const owner = c instanceof NodeConn ? c.socket : c instanceof UvConn ? { _handle: c.handle } : {};
    const own = ownDescriptor(owner);
    if (own >= 0) return { fd: own, release: ignore };
    const fd = this.#linuxLibc === null ? -1 : duplicateOf(this.#linuxLibc, owner);
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

/** What both ways of making a socket of a descriptor are told; the types of one know the other's part. */
function withDescriptor(fd: number): { fd: number; allowHalfOpen: true; readable: true; writable: true; port: number } {
  return { fd, allowHalfOpen: true, readable: true, writable: true, port: 0 };
}

const NOBODY: ConnHandler = { onData: ignore, onDrain: ignore, onEnd: ignore, onClose: ignore };
function ignore(): void {}
