import { createHash } from "node:crypto";
import type { Closer } from "../../platform/types.ts";
import type { SecretFiles } from "./secret_files.ts";

/** Why what the files hold now can't be used. */
export interface SecretProblem {
  readonly kind: "unreadable" | "mismatch" | "notYetValid" | "expired";
  readonly message: string;
  readonly hint: string;
}

/** How a secret is made of the texts of its files; `now` is in milliseconds since 1970. */
export type LoadSecret<T> = (texts: readonly string[], now: number) => T | SecretProblem;

export type Look = "same" | "settling" | "replaced" | "refused";

/** Certificate and key are replaced one after the other: for so long what does not fit is taken for the middle of it. */
const SETTLE_MS = 5_000;

/**
 * Something out of files that changes with them: what was good stays until something good takes its place.
 *
 *   good ──files change──▶ settling ──they load──▶ good, replaced
 *     ▲                       │ 5 s later
 *     └──────they load──── refused
 */
export class Secret<T extends { readonly version: string }> {
  /** For the log. */
  readonly label: string;
  readonly paths: readonly string[];
  readonly #files: SecretFiles;
  readonly #load: LoadSecret<T>;
  readonly #listeners = new Set<(now: T) => void>();
  #current: T;
  #texts: readonly string[];
  #seen: string;
  #problem: SecretProblem | null = null;
  /** What does not fit and was not there before has been there since; -1: what is there fits, or was told. */
  #since = -1;

  constructor(source: SecretSource<T>, first: Loaded<T>) {
    this.label = source.label;
    this.paths = source.paths;
    this.#files = source.files;
    this.#load = source.load;
    this.#current = first.value;
    this.#texts = first.texts;
    this.#seen = first.digest;
  }

  /** What handshakes are to use. */
  get current(): T {
    return this.#current;
  }

  /** What the files held, in the order of `paths`, when `current` was made of them. */
  get texts(): readonly string[] {
    return this.#texts;
  }

  /** What is wrong with the files as they are now; null: nothing. */
  get problem(): SecretProblem | null {
    return this.#problem;
  }

  /** `f` is called with each replacement, until it is closed. */
  onChange(f: (now: T) => void): Closer {
    this.#listeners.add(f);
    return { close: () => this.#listeners.delete(f) };
  }

  /** Reads the files. `settling`: look again soon. `now` is in milliseconds since 1970. */
  async look(now: number): Promise<Look> {
    const { texts, digest, failure } = await readAll(this.paths, this.#files);
    const isNew = digest !== this.#seen;
    // Time alone can make good what is not good yet.
    if (!isNew && this.#since < 0 && this.#problem?.kind !== "notYetValid") return "same";
    this.#seen = digest;
    const loaded = failure ?? this.#load(texts, now);
    if (!isProblem(loaded)) return this.#replace(loaded, texts);
    if (isNew || this.#since >= 0) return this.#refuse(loaded, isNew, now);
    return "same";
  }

  #replace(value: T, texts: readonly string[]): Look {
    this.#since = -1;
    this.#problem = null;
    if (value.version === this.#current.version) return "same";
    this.#current = value;
    this.#texts = texts;
    for (const f of [...this.#listeners]) f(value);
    return "replaced";
  }

  #refuse(problem: SecretProblem, isNew: boolean, now: number): Look {
    const mayBeHalf = problem.kind === "unreadable" || problem.kind === "mismatch";
    if (isNew) this.#since = now;
    // A clock that was set back must not make it wait.
    if (mayBeHalf && now >= this.#since && now - this.#since < SETTLE_MS) return "settling";
    this.#since = -1;
    this.#problem = problem;
    return "refused";
  }
}

/** What a secret is made of. */
export interface SecretSource<T> {
  readonly label: string;
  readonly paths: readonly string[];
  readonly files: SecretFiles;
  readonly load: LoadSecret<T>;
}

export interface Loaded<T> {
  readonly value: T;
  readonly texts: readonly string[];
  /** Of what the files held. */
  readonly digest: string;
}

/** Reads a secret for the first time: at once it is good, or a problem. */
export async function loadSecret<T extends { readonly version: string }>(
  source: SecretSource<T>,
  now: number,
): Promise<Secret<T> | SecretProblem> {
  const { texts, digest, failure } = await readAll(source.paths, source.files);
  const value = failure ?? source.load(texts, now);
  return isProblem(value) ? value : new Secret(source, { value, texts, digest });
}

function isProblem(v: object): v is SecretProblem {
  return "kind" in v;
}

async function readAll(
  paths: readonly string[],
  files: SecretFiles,
): Promise<{ readonly texts: readonly string[]; readonly digest: string; readonly failure: SecretProblem | null }> {
  const hash = createHash("sha256");
  const texts: string[] = [];
  let failure: SecretProblem | null = null;
  for (const path of paths) {
    try {
      const text = await files.read(path);
      hash.update(`${text.length}\0`).update(text);
      texts.push(text);
    } catch (e) {
      hash.update("absent\0");
      const reason = e instanceof Error ? e.message : String(e);
      failure ??= {
        kind: "unreadable",
        message: `make the file readable: reading ${JSON.stringify(path)} failed: ${reason}`,
        hint: "",
      };
    }
  }
  return { texts, digest: hash.digest("hex"), failure };
}
