import { chmodSync } from "node:fs";
import { createServer, type ListenOptions as NodeListenOptions, type Server } from "node:net";
import process from "node:process";
import type { Held } from "./held_listener.ts";
import type { LinuxLibc } from "./linux_libc.ts";
import { ownDescriptor } from "./node_descriptor.ts";
import { listenFault, systemCode } from "./system_fault.ts";
import type { Address, Listener, ListenOptions } from "./types.ts";
import { inodeOf, isFilePath, removeOwnSocket } from "./unix_path.ts";

/** Linux cuts it down to its somaxconn. */
export const MAX_BACKLOG = 65535;

/** A server of `node:net` that listens, without connections yet. */
export interface OpenServer {
  readonly server: Server;
  readonly listener: NodeListener;
}

/** Takes a bound socket over. */
export async function openHeld(libc: LinuxLibc | null, held: Held, o: ListenOptions): Promise<OpenServer> {
  const server = await listen(held.address, { fd: held.fd });
  // Both runtimes set a length of their own; a second listen() changes that of a queue that stands.
  libc?.c.listen(held.fd, o.backlog ?? MAX_BACKLOG);
  return { server, listener: new NodeListener(server, held.address, held) };
}

/** Binds by the runtime. */
export async function openBound(at: Address, o: ListenOptions): Promise<OpenServer> {
  const server = await bind(at, o);
  return { server, listener: new NodeListener(server, at, null) };
}

async function bind(at: Address, o: ListenOptions): Promise<Server> {
  if (at.kind === "unix") return await bindPath(at, o.mode);
  const reusePort = o.reusePort === true;
  const tcp = { port: at.port, backlog: o.backlog ?? MAX_BACKLOG, exclusive: true, ...(reusePort ? { reusePort } : {}) };
  if (at.host !== "") return await listen(at, { ...tcp, host: at.host, ipv6Only: o.ipv6Only === true });
  try {
    return await listen(at, { ...tcp, host: "::" });
  } catch (e) {
    if (!noIpv6(e)) throw e;
    return await listen(at, { ...tcp, host: "0.0.0.0" });
  }
}

/** The mode holds from the moment the file exists: the mask stands while the runtime binds, which it does before it returns. */
async function bindPath(at: Address & { kind: "unix" }, mode: number | undefined): Promise<Server> {
  const mask = mode === undefined ? null : process.umask(0o777 & ~mode);
  const opening = listen(at, { path: at.path });
  if (mask !== null) process.umask(mask);
  const server = await opening;
  if (mode !== undefined && isFilePath(at.path)) chmodSync(at.path, mode);
  return server;
}

function listen(at: Address, how: NodeListenOptions | { fd: number }): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.once("error", (e) => reject(listenFault(at, e)));
    server.listen(how, () => {
      server.removeAllListeners("error");
      resolve(server);
    });
  });
}

export class NodeListener implements Listener {
  readonly address: Address;
  readonly #server: Server;
  /** The socket's own; -1: not known. */
  readonly #fd: number;
  #inode: number | null;
  #isClosed = false;

  constructor(server: Server, at: Address, held: Held | null) {
    this.#server = server;
    this.#fd = held === null ? ownDescriptor(server) : held.fd;
    const bound = server.address();
    const isOpen = held === null && at.kind === "tcp" && bound !== null && typeof bound === "object";
    this.address = isOpen ? { ...at, port: bound.port } : at;
    this.#inode = at.kind === "unix" && held?.removesPath !== false ? inodeOf(at.path) : null;
  }

  get descriptor(): number | null {
    return this.#isClosed || this.#fd < 0 ? null : this.#fd;
  }

  keepPath(): void {
    this.#inode = null;
  }

  close(): Promise<void> {
    this.#isClosed = true;
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
