import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { importsOf } from "./imports_of.ts";

type Read = (path: string) => Promise<string>;

/** What a module is made of on disk. */
export interface ModuleFiles {
  /** Of all its files, those that it imports by a path included. */
  readonly digest: string;
  /** Packages that they import by name. */
  readonly packages: ReadonlySet<string>;
}

/** Files of one module: a program with more is built into one before it comes here. */
const MOST_FILES = 2_000;
/** What a path may leave out; the runtimes differ in what they take, and who names the file in full is right on all. */
const ENDINGS = ["", ".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs", ".cjs", ".json", "/index.ts", "/index.tsx", "/index.js"];

/** Reads a module and what it imports by a path, transitively. Rejects when the module itself can't be read, or when there is no end of it. */
export async function readModule(path: string, read: Read): Promise<ModuleFiles> {
  const texts = new Map<string, string>([[path, await read(path)]]);
  const packages = new Set<string>();
  const missing = new Set<string>();
  const queue = [path];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    for (const name of importsOf(texts.get(file)!)) {
      const target = fileOf(name, file);
      if (target === null) {
        packages.add(name);
        continue;
      }
      if (texts.has(target) || missing.has(target)) continue;
      const found = await readAny(target, read);
      if (found === null) missing.add(target);
      else if (!texts.has(found.path)) {
        texts.set(found.path, found.text);
        queue.push(found.path);
        if (texts.size > MOST_FILES) throw new Error(`it imports more than ${MOST_FILES} files: build it into one`);
      }
    }
  }
  const hash = createHash("sha256");
  for (const [name, text] of [...texts].sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(`${name}\0${text.length}\0${text}`);
  return { digest: hash.digest("hex"), packages };
}

/** null: it is a package's name, or a module of the runtime. */
function fileOf(name: string, from: string): string | null {
  if (name.startsWith("file:")) return fileURLToPath(name);
  if (name.startsWith("/")) return name;
  return name.startsWith("./") || name.startsWith("../") || name === "." || name === ".." ? join(dirname(from), name) : null;
}

async function readAny(path: string, read: Read): Promise<{ readonly path: string; readonly text: string } | null> {
  for (const ending of ENDINGS) {
    try {
      return { path: path + ending, text: await read(path + ending) };
    } catch {
      // Another ending may be meant.
    }
  }
  return null;
}
