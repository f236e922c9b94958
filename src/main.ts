import { BUILD } from "./base/build.ts";
import { renderProblems } from "./cli/render/render_problems.ts";
import { createNodePlatform } from "./platform/node.ts";
import type { Platform } from "./platform/types.ts";
import { run } from "./server/run.ts";
import { FileSource } from "./source/file/file_source.ts";
import { createEventLog } from "./telemetry/create_event_log.ts";

// The only file that asks which runtime it is on.
const runtime = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";

const color = process.stderr.isTTY === true && !process.env["NO_COLOR"];
const log = createEventLog({
  level: "info",
  format: "auto",
  isTerminal: process.stderr.isTTY === true,
  noColor: !color,
  write: (line) => process.stderr.write(line),
  wallNow: Date.now,
});

async function createPlatform(): Promise<Platform> {
  const onFault = (e: unknown): void => {
    log.log("error", "a callback threw: its connection was destroyed", {
      reason: e instanceof Error ? (e.stack ?? e.message) : String(e),
    });
  };
  if (runtime !== "bun") return createNodePlatform(runtime, { onFault });
  const { createBunPlatform } = await import("./platform/bun.ts");
  return createBunPlatform({ onFault });
}

const platform = await createPlatform();
const args = process.argv.slice(2);
const code = await run({
  platform,
  log,
  source: new FileSource(platform, args[1] ?? "weir.yaml", process.env),
  build: BUILD,
  env: process.env,
  control: null,
  showProblems: (problems) => process.stderr.write(renderProblems(problems, { color })),
});
process.exit(code);
