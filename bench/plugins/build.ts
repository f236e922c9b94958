import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { CACHE, inPath } from "../rivals/measure/tools.ts";

const ROOT = resolve(import.meta.dir, "../..");
const HELLO = join(import.meta.dir, "hello");
const BUILT = join(CACHE, "plugins");

/** The same plugin in one language. */
export interface Language {
  readonly name: string;
  /** What has to be installed; a run leaves out what is not. */
  readonly tool: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  build?(): void;
}

export const GO: Language = {
  name: "go",
  tool: "go",
  command: [join(BUILT, "hello-go")],
  build: () => quietly("go", ["build", "-o", join(BUILT, "hello-go"), "."], HELLO),
};

export const LANGUAGES: readonly Language[] = [
  GO,
  {
    name: "rust",
    tool: "cargo",
    command: [join(BUILT, "rust/release/examples/hello")],
    build: () =>
      quietly(
        "cargo",
        ["build", "--quiet", "--release", "--example", "hello", "--target-dir", join(BUILT, "rust")],
        join(ROOT, "plugins/sdk/rust"),
      ),
  },
  { name: "typescript", tool: "sh", command: [join(ROOT, "node_modules/.bin/bun"), join(HELLO, "hello.ts")] },
  { name: "node", tool: "node", command: ["node", join(HELLO, "hello.mjs")] },
  {
    name: "python",
    tool: "python3",
    command: ["python3", join(HELLO, "hello.py")],
    env: { PYTHONPATH: join(ROOT, "plugins/sdk/python") },
  },
];

/** Builds what is there to be built with, and tells what is left out. */
export function buildPlugins(tell: (line: string) => void): readonly Language[] {
  mkdirSync(BUILT, { recursive: true });
  return LANGUAGES.filter((l) => {
    if (inPath(l.tool) === null) {
      tell(`without ${l.name}: ${l.tool} is not in PATH`);
      return false;
    }
    l.build?.();
    return true;
  });
}

function quietly(command: string, args: readonly string[], cwd: string): void {
  execFileSync(command, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
}
