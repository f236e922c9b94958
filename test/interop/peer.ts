import { join } from "node:path";
import { run } from "../support/program.ts";
import { root } from "../support/subject.ts";

export type PeerName = "h2spec" | "grpc-client" | "grpc-server" | "kosoku";

const BUILD_MS = 1_200_000;
/** What tools/peers/build ends with where the machine lacks what it needs. */
const LACKS = 4;

/**
 * Programs that tools/peers/build makes, in the order of their names. Null: this machine can't build one of them, which is said once;
 * that is a reason to skip. A build that goes wrong throws.
 */
export async function peers(...names: readonly PeerName[]): Promise<readonly string[] | null> {
  const paths: string[] = [];
  for (const name of names) {
    const built = await run([join(root, "tools", "peers", "build"), name], { ms: BUILD_MS });
    if (built.code === LACKS) {
      console.warn(`skipped: what needs ${name}: ${built.stderr.trim()}`);
      return null;
    }
    if (built.code !== 0) throw new Error(`tools/peers/build ${name} ended with ${built.code}: ${built.stderr}`);
    paths.push(built.stdout.trim());
  }
  return paths;
}
