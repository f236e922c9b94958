import process from "node:process";
import { getSystemErrorMap } from "node:util";
import { localFault, type ProxyError } from "../base/error.ts";
import { findFfi, type Signature } from "./ffi.ts";
import { openLibc } from "./libc.ts";

/** What is used of libc on Linux alone. Each returns -1 on failure and leaves errno, as in C. */
interface Functions {
  socket(family: number, kind: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, size: number): number;
  connect(fd: number, address: Uint8Array, size: number): number;
  listen(fd: number, backlog: number): number;
  getsockname(fd: number, address: Uint8Array, size: Uint8Array): number;
  getpeername(fd: number, address: Uint8Array, size: Uint8Array): number;
  getsockopt(fd: number, level: number, name: number, out: Uint8Array, size: Uint8Array): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, size: number): number;
  socketpair(family: number, kind: number, protocol: number, out: Uint8Array): number;
  sendmsg(fd: number, message: bigint, flags: number): bigint;
  recvmsg(fd: number, message: bigint, flags: number): bigint;
  sendto(fd: number, bytes: Uint8Array, size: number, flags: number, address: Uint8Array, addressSize: number): bigint;
  send(fd: number, bytes: Uint8Array, size: number, flags: number): number;
  sendmmsg(fd: number, messages: number, count: number, flags: number): number;
  recvmmsg(fd: number, messages: number, count: number, flags: number, timeout: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: Uint8Array): number;
  epoll_wait(epoll: number, events: Uint8Array, count: number, timeout: number): number;
  /** `argument`: a number, or where a structure lies. */
  fcntl(fd: number, command: number, argument: number): number;
  pthread_sigmask(how: number, set: Uint8Array, before: number): number;
  close(fd: number): number;
  memfd_create(name: Uint8Array, flags: number): number;
  ftruncate(fd: number, bytes: number): number;
  lseek(fd: number, offset: number, from: number): bigint;
  mmap(address: number, bytes: number, protection: number, flags: number, fd: number, offset: number): bigint;
  prctl(option: number, a: number, b: number, c: number, d: number): number;
  getppid(): number;
  waitid(kind: number, id: number, info: Uint8Array, options: number): number;
  clock_gettime(clock: number, out: Uint8Array): number;
  __errno_location(): bigint;
}

const FUNCTIONS: Readonly<Record<keyof Functions, Signature>> = {
  socket: { args: ["i32", "i32", "i32"], result: "i32" },
  bind: { args: ["i32", "bytes", "u32"], result: "i32" },
  connect: { args: ["i32", "bytes", "u32"], result: "i32" },
  listen: { args: ["i32", "i32"], result: "i32" },
  getsockname: { args: ["i32", "bytes", "bytes"], result: "i32" },
  getpeername: { args: ["i32", "bytes", "bytes"], result: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "bytes", "bytes"], result: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "bytes", "u32"], result: "i32" },
  socketpair: { args: ["i32", "i32", "i32", "bytes"], result: "i32" },
  sendmsg: { args: ["i32", "address", "i32"], result: "i64" },
  recvmsg: { args: ["i32", "address", "i32"], result: "i64" },
  sendto: { args: ["i32", "bytes", "usize", "i32", "bytes", "u32"], result: "i64" },
  // What is sent at once is shorter than an i32 can tell.
  send: { args: ["i32", "bytes", "usize", "i32"], result: "i32" },
  sendmmsg: { args: ["i32", "address", "u32", "i32"], result: "i32" },
  recvmmsg: { args: ["i32", "address", "u32", "i32", "address"], result: "i32" },
  epoll_create1: { args: ["i32"], result: "i32" },
  epoll_ctl: { args: ["i32", "i32", "i32", "bytes"], result: "i32" },
  epoll_wait: { args: ["i32", "bytes", "i32", "i32"], result: "i32" },
  // Variadic in C: on Linux such arguments are passed as any other on both architectures.
  fcntl: { args: ["i32", "i32", "usize"], result: "i32" },
  pthread_sigmask: { args: ["i32", "bytes", "usize"], result: "i32" },
  close: { args: ["i32"], result: "i32" },
  memfd_create: { args: ["bytes", "u32"], result: "i32" },
  ftruncate: { args: ["i32", "i64"], result: "i32" },
  lseek: { args: ["i32", "i64", "i32"], result: "i64" },
  mmap: { args: ["usize", "usize", "i32", "i32", "i32", "i64"], result: "address" },
  prctl: { args: ["i32", "usize", "usize", "usize", "usize"], result: "i32" },
  getppid: { args: [], result: "i32" },
  waitid: { args: ["i32", "u32", "bytes", "i32"], result: "i32" },
  clock_gettime: { args: ["i32", "bytes"], result: "i32" },
  __errno_location: { args: [], result: "address" },
};

const FD_CLOEXEC = 1;
const F_SETFD = 2;
const F_DUPFD_CLOEXEC = 1030;
const EAGAIN = 11;
const EINTR = 4;
const PROT_READ_WRITE = 3;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

/** libc on Linux, with its faults told as ours. */
export class LinuxLibc {
  readonly c: Functions;
  readonly #view: (address: bigint, bytes: number) => ArrayBuffer;
  readonly #errno: Int32Array;

  constructor(c: Functions, view: (address: bigint, bytes: number) => ArrayBuffer) {
    this.c = c;
    this.#view = view;
    // Each thread has its own, at the same place for its whole life.
    this.#errno = new Int32Array(view(c.__errno_location(), 4));
  }

  /** Of the call just made: nothing else may stand between, for the runtime's own calls set it too. */
  get errno(): number {
    return this.#errno[0]!;
  }

  /** Whether the call just made would have had to wait, or was interrupted. */
  get wouldWait(): boolean {
    const e = this.errno;
    return e === EAGAIN || e === EINTR;
  }

  /** Passes on the result of a call, or throws what it left in errno. `what`: what failed, in a few words. */
  must(result: number, what: string): number {
    if (result < 0) throw this.fault(what);
    return result;
  }

  fault(what: string): ProxyError {
    const code = errnoName(this.errno);
    return localFault("internal", 500, `look at the system's limits and rights: ${what} failed with ${code}`, { code });
  }

  /** Maps memory and gives its address with a view of it. */
  map(bytes: number, flags: number, fd: number): { readonly address: bigint; readonly buffer: ArrayBuffer } {
    const address = this.c.mmap(0, bytes, PROT_READ_WRITE, flags, fd, 0);
    if (address === MAP_FAILED) throw this.fault(`mapping ${bytes} bytes of memory`);
    return { address, buffer: this.#view(address, bytes) };
  }

  setCloseOnExec(fd: number): boolean {
    return this.c.fcntl(fd, F_SETFD, FD_CLOEXEC) === 0;
  }

  /** Another descriptor of the same file, at this number or above. */
  duplicate(fd: number, from = 0): number {
    return this.must(this.c.fcntl(fd, F_DUPFD_CLOEXEC, from), `duplicating descriptor ${fd}`);
  }

  /** -1: it could not be had. */
  tryDuplicate(fd: number): number {
    return this.c.fcntl(fd, F_DUPFD_CLOEXEC, 0);
  }

  getInt(fd: number, level: number, name: number): number | null {
    const out = new Uint8Array(4);
    if (this.c.getsockopt(fd, level, name, out, Uint8Array.of(4, 0, 0, 0)) !== 0) return null;
    return new DataView(out.buffer).getInt32(0, true);
  }

  setInt(fd: number, level: number, name: number, value: number): number {
    return this.c.setsockopt(fd, level, name, new Uint8Array(new Int32Array([value]).buffer), 4);
  }
}

/** Null: not Linux, or no foreign functions. */
export function loadLinuxLibc(): LinuxLibc | null {
  const ffi = process.platform === "linux" ? findFfi() : null;
  if (ffi === null) return null;
  const c = openLibc(FUNCTIONS) as Functions | null;
  return c === null ? null : new LinuxLibc(c, ffi.view);
}

/** `EADDRINUSE` for 98. */
export function errnoName(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[0] ?? `errno ${errno}`;
}
