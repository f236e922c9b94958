import { localFault } from "../base/error.ts";
import type { LinuxCalls } from "./linux_types.ts";
import { listenFault } from "./system_fault.ts";
import type { Address, HeldListener, ListenOptions } from "./types.ts";
import { clearStaleSocket } from "./unix_path.ts";

/** A listening socket that a runtime is about to take over. */
export interface Held {
  readonly fd: number;
  readonly address: Address;
  readonly removesPath: boolean;
}

/** Looks at what was handed in. The descriptor is closed when it can't be used. */
export function checkHeld(linux: LinuxCalls | null, at: HeldListener): Held {
  const removesPath = at.removesPath === true;
  if (linux === null) {
    if (at.address !== undefined) return { fd: at.fd, address: at.address, removesPath };
    throw localFault("internal", 500, `name the address of descriptor ${at.fd}: the system can't be asked for it here`);
  }
  const address = at.address ?? linux.boundAddress(at.fd);
  if (address !== null && linux.listening(at.fd) !== null) {
    // An inherited one comes without, and every child would get it.
    linux.setCloseOnExec(at.fd);
    return { fd: at.fd, address, removesPath };
  }
  linux.closeDescriptor(at.fd);
  throw localFault("internal", 500, `pass a listening socket: descriptor ${at.fd} is none`);
}

/**
 * Binds by libc for the runtime to take over. For unix sockets that is the only way: closing their own, the runtimes remove whatever
 * lies at the path by then, a successor's socket too.
 */
export async function bindHeld(linux: LinuxCalls, at: Address, o: ListenOptions): Promise<Held> {
  if (at.kind === "unix") await clearStaleSocket(at.path);
  const fd = linux.makeListener(at, o);
  const bound = linux.boundAddress(fd);
  if (bound === null) {
    linux.closeDescriptor(fd);
    throw listenFault(at, new Error("the system does not tell its address"));
  }
  const address: Address = at.kind === "tcp" && bound.kind === "tcp" ? { ...at, port: bound.port } : at;
  return { fd, address, removesPath: true };
}
