import process from "node:process";

/** `bytes`: where a typed array lies, for the time of the call; `address`: a pointer as a number. */
export type ArgumentKind = "i32" | "u32" | "i64" | "usize" | "address" | "bytes";
/** `i64` and `address` come as bigint. */
export type ResultKind = "i32" | "i64" | "address";
export interface Signature {
  readonly args: readonly ArgumentKind[];
  readonly result: ResultKind;
}

/** Foreign functions of the runtime. */
export interface Ffi {
  /** Throws when the library or one of the functions is not there. */
  open(library: string, functions: Readonly<Record<string, Signature>>): unknown;
  /** The memory at an address. It is neither freed nor kept by what is returned. */
  view(address: bigint, bytes: number): ArrayBuffer;
}

interface BunFfi {
  dlopen(name: string, functions: Record<string, { args: string[]; returns: string }>): { symbols: unknown };
  toArrayBuffer(address: number, offset: number, bytes: number): ArrayBuffer;
}
interface DenoFfi {
  dlopen(name: string, functions: Record<string, { parameters: string[]; result: string }>): { symbols: unknown };
  readonly UnsafePointer: { create(address: bigint): unknown };
  readonly UnsafePointerView: { getArrayBuffer(pointer: unknown, bytes: number): ArrayBuffer };
}

/** Null: this runtime has none, or may not use them. */
export function findFfi(): Ffi | null {
  const deno = (globalThis as { Deno?: Partial<DenoFfi> }).Deno;
  if (deno?.dlopen !== undefined) return denoFfi(deno as DenoFfi);
  // By name at run time, for another runtime's bundler would look for the module.
  const builtin = (process as { getBuiltinModule?: (name: string) => unknown }).getBuiltinModule;
  const bun = "Bun" in globalThis ? (builtin?.call(process, "bun:ffi") as BunFfi | undefined) : undefined;
  return bun === undefined ? null : bunFfi(bun);
}

function denoFfi(deno: DenoFfi): Ffi {
  const kinds = { i32: "i32", u32: "u32", i64: "i64", usize: "usize", address: "u64", bytes: "buffer" };
  return {
    open: (library, functions) =>
      deno.dlopen(
        library,
        mapValues(functions, (f) => ({ parameters: f.args.map((a) => kinds[a]), result: kinds[f.result] })),
      ).symbols,
    view: (address, bytes) => deno.UnsafePointerView.getArrayBuffer(deno.UnsafePointer.create(address), bytes),
  };
}

function bunFfi(bun: BunFfi): Ffi {
  const kinds = { i32: "i32", u32: "u32", i64: "i64", usize: "usize", address: "u64", bytes: "ptr" };
  return {
    open: (library, functions) =>
      bun.dlopen(
        library,
        mapValues(functions, (f) => ({ args: f.args.map((a) => kinds[a]), returns: kinds[f.result] })),
      ).symbols,
    // An address of this system's processes has 47 bits.
    view: (address, bytes) => bun.toArrayBuffer(Number(address), 0, bytes),
  };
}

function mapValues<A, B>(from: Readonly<Record<string, A>>, f: (a: A) => B): Record<string, B> {
  const out: Record<string, B> = {};
  for (const [name, a] of Object.entries(from)) out[name] = f(a);
  return out;
}
