import process from "node:process";

/** The slice of libc that is used here. Each returns -1 on failure, as in C; arrays are what a pointer would point to. */
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

type Kind = "i32" | "u32" | "usize" | "bytes";

const FUNCTIONS: Readonly<Record<keyof Libc, readonly Kind[]>> = {
  setgroups: ["usize", "bytes"],
  setgid: ["u32"],
  setuid: ["u32"],
  getuid: [],
  geteuid: [],
  getgid: [],
  getegid: [],
  getrlimit: ["i32", "bytes"],
  setrlimit: ["i32", "bytes"],
  getsockopt: ["i32", "i32", "i32", "bytes", "bytes"],
  setsockopt: ["i32", "i32", "i32", "bytes", "u32"],
  listen: ["i32", "i32"],
  shutdown: ["i32", "i32"],
  dup: ["i32"],
  close: ["i32"],
};

/** glibc, musl on both architectures, macOS. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  linux: ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"],
  darwin: ["libSystem.B.dylib"],
};

/** libc by the runtime's own foreign functions; null where there are none. */
export function loadLibc(): Libc | null {
  const open = opener();
  if (open === null) return null;
  for (const name of NAMES[process.platform] ?? []) {
    try {
      return open(name);
    } catch {
      // The next name: a system has one of them.
    }
  }
  return null;
}

interface BunFfi {
  dlopen(name: string, functions: Record<string, { args: string[]; returns: string }>): { symbols: Libc };
}
interface DenoFfi {
  dlopen(name: string, functions: Record<string, { parameters: string[]; result: string }>): { symbols: Libc };
}

function opener(): ((name: string) => Libc) | null {
  const deno = (globalThis as { Deno?: Partial<DenoFfi> }).Deno;
  if (deno?.dlopen !== undefined) {
    const kinds: Record<Kind, string> = { i32: "i32", u32: "u32", usize: "usize", bytes: "buffer" };
    const functions = translate((args) => ({ parameters: args.map((a) => kinds[a]), result: "i32" }));
    return (name) => (deno as DenoFfi).dlopen(name, functions).symbols;
  }
  // By name at run time, for another runtime's bundler would look for the module.
  const builtin = (process as { getBuiltinModule?: (name: string) => unknown }).getBuiltinModule;
  const bun = "Bun" in globalThis ? (builtin?.call(process, "bun:ffi") as BunFfi | undefined) : undefined;
  if (bun === undefined) return null;
  const kinds: Record<Kind, string> = { i32: "i32", u32: "u32", usize: "usize", bytes: "ptr" };
  const functions = translate((args) => ({ args: args.map((a) => kinds[a]), returns: "i32" }));
  return (name) => bun.dlopen(name, functions).symbols;
}

function translate<T>(f: (args: readonly Kind[]) => T): Record<string, T> {
  const out: Record<string, T> = {};
  for (const [name, args] of Object.entries(FUNCTIONS)) out[name] = f(args);
  return out;
}
