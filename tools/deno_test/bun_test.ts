// bun:test's names on Deno's test runner, as far as this repository's tests use them: the same files run on both runtimes.
// ./test.sh maps "bun:test" to this file. What is not here is missed loudly, as an import that does not exist or a matcher that is no function.
import { expect } from "./expect.ts";

export { expect };

type Body = () => unknown;
type Row = readonly unknown[] | unknown;

/** The slice of Deno that is used. */
declare const Deno: {
  test(definition: { name: string; fn: () => Promise<void>; ignore?: boolean } & Record<string, unknown>): void;
};

/** One describe, or the file itself. Its hooks run around the first and the last of its tests that Deno starts. */
class Block {
  readonly parent: Block | null;
  readonly name: string;
  readonly skipped: boolean;
  readonly before: Body[] = [];
  readonly after: Body[] = [];
  readonly beforeEach: Body[] = [];
  readonly afterEach: Body[] = [];
  left = 0;
  #opened: Promise<void> | null = null;

  constructor(parent: Block | null, name: string, skipped: boolean) {
    this.parent = parent;
    this.name = name;
    this.skipped = skipped;
  }

  /** From the file inwards. */
  get chain(): readonly Block[] {
    return this.parent === null ? [this] : [...this.parent.chain, this];
  }

  open(): Promise<void> {
    this.#opened ??= runAll(this.before);
    return this.#opened;
  }
}

let current = new Block(null, "", false);
let defaultTimeout = 30_000;

export function setDefaultTimeout(ms: number): void {
  defaultTimeout = ms;
}

export const beforeAll = (f: Body): void => void current.before.push(f);
export const afterAll = (f: Body): void => void current.after.push(f);
export const beforeEach = (f: Body): void => void current.beforeEach.push(f);
export const afterEach = (f: Body): void => void current.afterEach.push(f);

export const describe = Object.assign((name: string, f: Body) => openBlock(name, f, false), {
  skip: (name: string, f: Body) => openBlock(name, f, true),
  skipIf: (skipped: boolean) => (name: string, f: Body) => openBlock(name, f, skipped),
  each: (rows: readonly Row[]) => (name: string, f: (...args: never[]) => unknown) => {
    for (const [i, row] of rows.entries()) openBlock(titleOf(name, row, i), () => f(...(argumentsOf(row) as never[])), false);
  },
});

export const test = Object.assign((name: string, f: Body, o?: Options) => addTest(name, f, o, false), {
  skip: (name: string, f: Body, o?: Options) => addTest(name, f, o, true),
  skipIf: (skipped: boolean) => (name: string, f: Body, o?: Options) => addTest(name, f, o, skipped),
  each: (rows: readonly Row[]) => (name: string, f: (...args: never[]) => unknown, o?: Options) => {
    for (const [i, row] of rows.entries()) addTest(titleOf(name, row, i), () => f(...(argumentsOf(row) as never[])), o, false);
  },
});

export const it = test;

type Options = number | { readonly timeout?: number };

function openBlock(name: string, f: Body, skipped: boolean): void {
  const outer = current;
  current = new Block(outer, name, outer.skipped || skipped);
  try {
    f();
  } finally {
    current = outer;
  }
}

function addTest(name: string, body: Body, o: Options | undefined, skipped: boolean): void {
  const block = current;
  const ignore = skipped || block.skipped;
  const ms = (typeof o === "number" ? o : o?.timeout) ?? defaultTimeout;
  const names = [...block.chain.map((b) => b.name).filter((n) => n !== ""), name];
  if (!ignore) for (const b of block.chain) b.left++;
  // Servers and timers live from beforeAll to afterAll, which to Deno's sanitizers is a leak of the first test.
  Deno.test({
    name: names.join(" > "),
    ignore,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () => runTest(block, body, ms),
  });
}

async function runTest(block: Block, body: Body, ms: number): Promise<void> {
  try {
    for (const b of block.chain) await b.open();
    for (const b of block.chain) await runAll(b.beforeEach);
    try {
      await within(ms, body);
    } finally {
      for (const b of [...block.chain].reverse()) await runAll(b.afterEach);
    }
  } finally {
    for (const b of [...block.chain].reverse()) if (--b.left === 0) await runAll(b.after);
  }
}

async function runAll(bodies: readonly Body[]): Promise<void> {
  for (const body of bodies) await body();
}

async function within(ms: number, body: Body): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the test took longer than ${ms} ms`)), ms);
  });
  try {
    await Promise.race([body(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function argumentsOf(row: Row): readonly unknown[] {
  return Array.isArray(row) ? row : [row];
}

/** `%s`, `%d`, `%i`, `%j`, `%p` take the next argument, `%#` the row's number, `$key` a property of a row that is an object. */
function titleOf(name: string, row: Row, index: number): string {
  const args = [...argumentsOf(row)];
  const filled = name.replace(/%[sdijpo#%]/g, (code) => {
    if (code === "%%") return "%";
    if (code === "%#") return String(index);
    const next = args.shift();
    return code === "%j" || code === "%p" || code === "%o" ? (JSON.stringify(next) ?? String(next)) : String(next);
  });
  if (typeof row !== "object" || row === null) return filled;
  return filled.replace(/\$(\w+)/g, (all, key: string) => (key in row ? String((row as Record<string, unknown>)[key]) : all));
}
