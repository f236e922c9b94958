import process from "node:process";
import { findFfi, type Signature } from "./ffi.ts";

/** The slice of libc that is used on every system. Each returns -1 on failure, as in C; arrays are what a pointer would point to. */
export interface Libc {
  setgroups(count: number, groups: Uint8Array): number;
  setgid(gid: number): number;
  setuid(uid: number): number;
  getuid(): number;
  geteuid(): number;
  getgid(): number;
  getegid(): number;
  getrlimit(resource: number, out: Uint8Array): number;
  setrlimit(resource: number, limit: Uint8Array): number;
  getsockopt(fd: number, level: number, name: number, out: Uint8Array, size: Uint8Array): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, size: number): number;
  listen(fd: number, backlog: number): number;
  shutdown(fd: number, how: number): number;
  dup(fd: number): number;
  close(fd: number): number;
}

const FUNCTIONS: Readonly<Record<keyof Libc, Signature>> = {
  setgroups: { args: ["usize", "bytes"], result: "i32" },
  setgid: { args: ["u32"], result: "i32" },
  setuid: { args: ["u32"], result: "i32" },
  getuid: { args: [], result: "i32" },
  geteuid: { args: [], result: "i32" },
  getgid: { args: [], result: "i32" },
  getegid: { args: [], result: "i32" },
  getrlimit: { args: ["i32", "bytes"], result: "i32" },
  setrlimit: { args: ["i32", "bytes"], result: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "bytes", "bytes"], result: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "bytes", "u32"], result: "i32" },
  listen: { args: ["i32", "i32"], result: "i32" },
  shutdown: { args: ["i32", "i32"], result: "i32" },
  dup: { args: ["i32"], result: "i32" },
  close: { args: ["i32"], result: "i32" },
};

/** glibc, musl on both architectures, macOS. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  linux: ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"],
  darwin: ["libSystem.B.dylib"],
};

/** libc by the runtime's own foreign functions; null where there are none. */
export function loadLibc(): Libc | null {
  return openLibc(FUNCTIONS) as Libc | null;
}

/** These functions of this system's libc; null: one of them is not there. */
export function openLibc(functions: Readonly<Record<string, Signature>>): unknown {
  const ffi = findFfi();
  if (ffi === null) return null;
  for (const name of NAMES[process.platform] ?? []) {
    try {
      return ffi.open(name, functions);
    } catch {
      // The next name: a system has one of them.
    }
  }
  return null;
}
