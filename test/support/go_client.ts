import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "./program.ts";
import { root } from "./subject.ts";

/** Builds the client of `go_client/` into a cache once; Go itself sees when nothing changed. The path of the program. */
export async function goClient(): Promise<string> {
  const cache = join(root, "node_modules", ".cache", "weir-test");
  mkdirSync(cache, { recursive: true });
  const out = join(cache, "goclient");
  const built = await run(["go", "build", "-o", out, "."], { cwd: join(root, "test", "support", "go_client"), ms: 80_000 });
  if (built.code !== 0) throw new Error(`go build: ${built.stderr}`);
  return out;
}
