// Started by platform_descriptors_test.ts under a low limit of open files: an echo that tells its port, and at the end of its input what it counted.
import process from "node:process";
import type { Platform } from "../../../src/platform/types.ts";
import { echo, LOOPBACK } from "./peer.ts";

const adapter = process.argv[2];

async function createPlatform(): Promise<Platform> {
  if (adapter === "sockets") return (await import("../../../src/platform/bun.ts")).createBunPlatform();
  const { createNodePlatform } = await import("../../../src/platform/node.ts");
  return createNodePlatform("Deno" in globalThis ? "deno" : "bun", { handles: adapter === "handles" });
}

let notices = 0;
let code = "";
const platform = await createPlatform();
const listener = await platform.listen(
  LOOPBACK,
  {
    onError: (e) => {
      notices++;
      code = e.facts.code;
    },
  },
  echo,
);
process.stdin.on("end", () => {
  console.log(JSON.stringify({ notices, code }));
  process.exit(0);
});
process.stdin.resume();
if (listener.address.kind === "tcp") console.log(listener.address.port);
