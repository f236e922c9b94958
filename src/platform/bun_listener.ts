import { chmodSync } from "node:fs";
import process from "node:process";
import { BunConn, type BunSocket } from "./bun_conn.ts";
import type { BunNet } from "./bun_net.ts";
import { inheritKeepAlive } from "./inherited_keep_alive.ts";
import type { Libc } from "./libc.ts";
import { ShedNotice } from "./shed_notice.ts";
import { listenFault, systemCode } from "./system_fault.ts";
import type { Address, Conn, ConnHandler, Listener, ListenOptions } from "./types.ts";
import { inodeOf, isFilePath, removeOwnSocket } from "./unix_path.ts";

/** What `Bun.listen` gives. */
interface BunServer {
  readonly port: number;
  readonly fd?: number;
  stop(closeActive?: boolean): void;
}
/** Bun's types miss `fd`, `reusePort` and more of what is used here. */
type BunListen = (o: object) => BunServer;

/** Linux cuts it down to its somaxconn. */
const MAX_BACKLOG = 65535;

/** A socket that is bound already, and whether its file goes with the listener. */
export interface Bound {
  readonly fd: number;
  readonly removesPath: boolean;
}

/** A listener on Bun's own sockets. */
export class BunListener implements Listener {
  readonly address: Address;
  readonly descriptor: number | null;
  readonly #server: BunServer;
  #inode: number | null;
  readonly #notice: ShedNotice;

  /** `callbacks`: those of a connection that is open. `bound`: null to bind. */
  constructor(
    net: BunNet,
    libc: Libc | null,
    callbacks: object,
    at: Address,
    bound: Bound | null,
    o: ListenOptions,
    accept: (c: Conn) => ConnHandler,
  ) {
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
    this.#server = bound === null ? bind(at, o, { ...callbacks, open }) : take(at, bound.fd, { ...callbacks, open });
    // Bun asks for 512 whatever it is told; a second listen() changes the length of a queue that stands.
    const fd = this.#server.fd ?? bound?.fd;
    if (libc !== null && fd !== undefined && fd >= 0) libc.listen(fd, o.backlog ?? MAX_BACKLOG);
    if (keepAliveMs > 0 && at.kind === "tcp" && inheritKeepAlive(libc, fd, keepAliveMs)) keepAliveMs = 0;
    this.address = at.kind === "unix" || bound !== null ? at : { kind: "tcp", host: at.host, port: this.#server.port };
    this.descriptor = fd === undefined || fd < 0 ? null : fd;
    this.#inode = at.kind === "unix" && bound?.removesPath !== false ? inodeOf(at.path) : null;
    this.#notice = new ShedNotice(this.address, o.onError);
  }

  keepPath(): void {
    this.#inode = null;
  }

  async close(): Promise<void> {
    this.#server.stop(false);
    if (this.address.kind === "unix") removeOwnSocket(this.address.path, this.#inode);
  }
}

function listen(o: object): BunServer {
  return (globalThis as unknown as { Bun: { listen: BunListen } }).Bun.listen(o);
}

function take(at: Address, fd: number, socket: object): BunServer {
  try {
    return listen({ fd, socket, allowHalfOpen: true });
  } catch (e) {
    throw listenFault(at, e);
  }
}

function bind(at: Address, o: ListenOptions, socket: object): BunServer {
  const common = { socket, allowHalfOpen: true };
  try {
    if (at.kind === "unix") return bindPath(at.path, o.mode, common);
    const tcp = { ...common, port: at.port, reusePort: o.reusePort === true, exclusive: o.reusePort !== true };
    if (at.host !== "") return listen({ ...tcp, hostname: at.host, ipv6Only: o.ipv6Only === true });
    try {
      return listen({ ...tcp, hostname: "::" });
    } catch (e) {
      if (!noIpv6(e)) throw e;
      return listen({ ...tcp, hostname: "0.0.0.0" });
    }
  } catch (e) {
    throw listenFault(at, e);
  }
}

/** The mode holds from the moment the file exists: the mask stands while Bun binds, which it does before it returns. */
function bindPath(path: string, mode: number | undefined, common: object): BunServer {
  if (mode === undefined || !isFilePath(path)) return listen({ ...common, unix: path });
  const before = process.umask(0o777 & ~mode);
  try {
    const l = listen({ ...common, unix: path });
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

const NOBODY: ConnHandler = { onData: ignore, onDrain: ignore, onEnd: ignore, onClose: ignore };
function ignore(): void {}
