import { deepStrictEqual } from "node:assert";
import { inspect } from "node:util";

/** bun:test's expect, as far as this repository's tests use it, for the run on Deno. */
export function expect(actual: unknown, note?: string): Matchers {
  return new Matchers(actual, note ?? "", false);
}

expect.objectContaining = (wanted: object): Pattern => new Pattern("objectContaining", (v) => isMatch(v, wanted));
expect.stringContaining = (wanted: string): Pattern =>
  new Pattern("stringContaining", (v) => typeof v === "string" && v.includes(wanted));
expect.stringMatching = (wanted: RegExp): Pattern =>
  new Pattern("stringMatching", (v) => typeof v === "string" && wanted.test(v));
expect.any = (wanted: Class): Pattern => new Pattern("any", (v) => isInstance(v, wanted));
expect.anything = (): Pattern => new Pattern("anything", (v) => v !== null && v !== undefined);
expect.unreachable = (message?: string): never => {
  throw new Error(message ?? "reached what is unreachable");
};

/** Stands for a whole class of values inside a wanted value. */
class Pattern {
  readonly name: string;
  readonly fits: (value: unknown) => boolean;

  constructor(name: string, fits: (value: unknown) => boolean) {
    this.name = name;
    this.fits = fits;
  }
}

/** Abstract ones and those with private constructors too. */
type Class = abstract new (...args: never[]) => unknown;
type Sized = { readonly length: number };
type Thrown = string | RegExp | Error | (new (...args: never[]) => Error);

class Matchers {
  readonly #actual: unknown;
  readonly #note: string;
  readonly #negated: boolean;

  constructor(actual: unknown, note: string, negated: boolean) {
    this.#actual = actual;
    this.#note = note;
    this.#negated = negated;
  }

  get not(): Matchers {
    return new Matchers(this.#actual, this.#note, !this.#negated);
  }

  /** Matchers that wait for the promise first. */
  get resolves(): AsyncMatchers {
    return later(this.#actual, (p) => p, this.#note, this.#negated);
  }

  get rejects(): AsyncMatchers {
    const swap = (p: Promise<unknown>): Promise<unknown> =>
      p.then(
        (v) => this.#judge(false, "reject", v),
        (e: unknown) => e,
      );
    return later(this.#actual, swap, this.#note, this.#negated, true);
  }

  toBe(wanted: unknown): void {
    this.#judge(Object.is(this.#actual, wanted), "be", wanted);
  }

  toEqual(wanted: unknown): void {
    this.#judge(isEqual(this.#actual, wanted, false), "equal", wanted);
  }

  toStrictEqual(wanted: unknown): void {
    this.#judge(isEqual(this.#actual, wanted, true), "strictly equal", wanted);
  }

  toMatchObject(wanted: object): void {
    this.#judge(isMatch(this.#actual, wanted), "match", wanted);
  }

  toBeNull(): void {
    this.#judge(this.#actual === null, "be", null);
  }

  toBeUndefined(): void {
    this.#judge(this.#actual === undefined, "be", undefined);
  }

  toBeDefined(): void {
    this.#judge(this.#actual !== undefined, "be", "defined");
  }

  toBeTrue(): void {
    this.#judge(this.#actual === true, "be", true);
  }

  toBeFalse(): void {
    this.#judge(this.#actual === false, "be", false);
  }

  toBeTruthy(): void {
    this.#judge(Boolean(this.#actual), "be", "truthy");
  }

  toBeFalsy(): void {
    this.#judge(!this.#actual, "be", "falsy");
  }

  toBeInstanceOf(wanted: Class): void {
    this.#judge(this.#actual instanceof wanted, "be an instance of", wanted.name);
  }

  toBeGreaterThan(wanted: number | bigint): void {
    this.#judge((this.#actual as number) > wanted, "be greater than", wanted);
  }

  toBeGreaterThanOrEqual(wanted: number | bigint): void {
    this.#judge((this.#actual as number) >= wanted, "be at least", wanted);
  }

  toBeLessThan(wanted: number | bigint): void {
    this.#judge((this.#actual as number) < wanted, "be less than", wanted);
  }

  toBeLessThanOrEqual(wanted: number | bigint): void {
    this.#judge((this.#actual as number) <= wanted, "be at most", wanted);
  }

  toBeCloseTo(wanted: number, digits = 2): void {
    this.#judge(Math.abs((this.#actual as number) - wanted) < 10 ** -digits / 2, "be close to", wanted);
  }

  toBeNaN(): void {
    this.#judge(Number.isNaN(this.#actual), "be", Number.NaN);
  }

  toContain(wanted: unknown): void {
    const holds =
      typeof this.#actual === "string"
        ? this.#actual.includes(wanted as string)
        : [...(this.#actual as Iterable<unknown>)].includes(wanted);
    this.#judge(holds, "contain", wanted);
  }

  toContainEqual(wanted: unknown): void {
    this.#judge(
      [...(this.#actual as Iterable<unknown>)].some((v) => isEqual(v, wanted, false)),
      "contain",
      wanted,
    );
  }

  toHaveLength(wanted: number): void {
    this.#judge((this.#actual as Sized).length === wanted, "have the length", wanted);
  }

  toHaveProperty(key: string): void {
    this.#judge(key in (this.#actual as object), "have the property", key);
  }

  toMatch(wanted: RegExp | string): void {
    const text = this.#actual as string;
    this.#judge(typeof wanted === "string" ? text.includes(wanted) : wanted.test(text), "match", wanted);
  }

  toStartWith(wanted: string): void {
    this.#judge((this.#actual as string).startsWith(wanted), "start with", wanted);
  }

  toEndWith(wanted: string): void {
    this.#judge((this.#actual as string).endsWith(wanted), "end with", wanted);
  }

  toThrow(wanted?: Thrown): void {
    try {
      (this.#actual as () => unknown)();
    } catch (e) {
      this.#judge(isThrown(e, wanted), "throw", wanted);
      return;
    }
    this.#judge(false, "throw", wanted);
  }

  #judge(holds: boolean, verb: string, wanted: unknown): void {
    if (holds !== this.#negated) return;
    const show = (v: unknown): string => inspect(v, { depth: 8, breakLength: 100, maxArrayLength: 50, maxStringLength: 2000 });
    const note = this.#note === "" ? "" : `${this.#note}\n`;
    throw new Error(`${note}expected ${show(this.#actual)}\nto ${this.#negated ? "not " : ""}${verb} ${show(wanted)}`);
  }
}

/** Every matcher, as a promise; toThrow looks at the reason of a rejection. */
type AsyncMatchers = {
  [K in Exclude<keyof Matchers, "not" | "resolves" | "rejects">]: (...args: Parameters<Matchers[K]>) => Promise<void>;
} & {
  readonly not: AsyncMatchers;
};

function later(
  actual: unknown,
  settle: (p: Promise<unknown>) => Promise<unknown>,
  note: string,
  negated: boolean,
  thrown = false,
): AsyncMatchers {
  const promise = (): Promise<unknown> => Promise.resolve(typeof actual === "function" ? actual() : actual);
  return new Proxy({} as AsyncMatchers, {
    get: (_, name: string) => {
      if (name === "not") return later(actual, settle, note, !negated, thrown);
      return async (...args: unknown[]) => {
        const value = await settle(promise());
        const isToThrow = thrown && name === "toThrow";
        const subject = isToThrow
          ? () => {
              throw value;
            }
          : value;
        const matchers = new Matchers(subject, note, negated) as unknown as Record<string, (...a: unknown[]) => void>;
        matchers[name]!(...args);
      };
    },
  });
}

function isThrown(e: unknown, wanted: Thrown | undefined): boolean {
  const message = e instanceof Error ? e.message : String(e);
  if (wanted === undefined) return true;
  if (typeof wanted === "string") return message.includes(wanted);
  if (wanted instanceof RegExp) return wanted.test(message);
  if (wanted instanceof Error) return message === wanted.message;
  return e instanceof wanted;
}

function isInstance(v: unknown, wanted: Class): boolean {
  return v instanceof wanted || typeof v === wanted.name.toLowerCase();
}

/** Deep equality; keys whose value is undefined count for nothing unless strict, as in bun:test. */
function isEqual(a: unknown, b: unknown, strict: boolean): boolean {
  if (b instanceof Pattern) return b.fits(a);
  if (isPlain(a) && isPlain(b)) {
    const keys = (o: object): string[] => Object.keys(o).filter((k) => strict || (o as Record<string, unknown>)[k] !== undefined);
    const [ka, kb] = [keys(a), keys(b)];
    return (
      ka.length === kb.length &&
      kb.every((k) => k in a && isEqual((a as Record<string, unknown>)[k], (b as Record<string, unknown>)[k], strict))
    );
  }
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((v, i) => isEqual(v, b[i], strict));
  if (a instanceof Map && b instanceof Map)
    return a.size === b.size && [...b].every(([k, v]) => a.has(k) && isEqual(a.get(k), v, strict));
  if (a instanceof Uint8Array && b instanceof Uint8Array) return a.length === b.length && a.every((v, i) => v === b[i]);
  try {
    deepStrictEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

function isMatch(a: unknown, wanted: object): boolean {
  if (typeof a !== "object" || a === null) return false;
  if (Array.isArray(wanted)) return Array.isArray(a) && a.length === wanted.length && wanted.every((w, i) => isFit(a[i], w));
  return Object.entries(wanted).every(([k, w]) => k in a && isFit((a as Record<string, unknown>)[k], w));
}

function isFit(a: unknown, wanted: unknown): boolean {
  if (wanted instanceof Pattern || typeof wanted !== "object" || wanted === null) return isEqual(a, wanted, false);
  return isPlain(wanted) || Array.isArray(wanted) ? isMatch(a, wanted) : isEqual(a, wanted, false);
}

/** An object or an instance of a class of this repository: compared by its own keys, as bun:test's toEqual does. */
function isPlain(v: unknown): v is object {
  if (typeof v !== "object" || v === null || Array.isArray(v)) return false;
  return !(
    v instanceof Map ||
    v instanceof Set ||
    v instanceof Date ||
    v instanceof RegExp ||
    v instanceof Error ||
    ArrayBuffer.isView(v) ||
    v instanceof ArrayBuffer
  );
}
