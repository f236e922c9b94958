import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const module = pathToFileURL(join(import.meta.dirname, "..", "..", "..", "src", "cli", "write_all.ts")).href;
const program = `import process from "node:process"; import { writeAll } from "${module}"; writeAll(1, "x".repeat(300000)); process.exit(7);\n`;

/** Runs the program on the runtime of this test with a pipe to the shell's words; what the reader says, and the writer's exit code. */
async function pipeInto(reader: string): Promise<{ readonly read: string; readonly code: string }> {
  const dir = mkdtempSync(join(tmpdir(), "weir-pipe-"));
  try {
    writeFileSync(join(dir, "program.ts"), program);
    const run = "Deno" in globalThis ? "run --allow-all --no-check --no-config" : "";
    const shell = `{ '${process.execPath}' ${run} program.ts; echo "$?" >code; } | ${reader}`;
    const child = spawn("sh", ["-c", `${shell}; cat code`], { cwd: dir, stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (b: Buffer) => {
      said += b.toString();
    });
    await new Promise((resolve) => child.once("close", resolve));
    const [read, code] = said.split("|");
    return { read: read!.trim(), code: code!.trim() };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

test("more than a pipe holds is written before the process ends", async () => {
  // dd reads a byte at a time, so that the pipe is full from the start to the end.
  expect(await pipeInto("{ dd bs=1 status=none | wc -c; printf '|'; }")).toEqual({ read: "300000", code: "7" });
});

test("a reader that goes away early is no fault", async () => {
  expect(await pipeInto("{ head -c 3; printf '|'; }")).toEqual({ read: "xxx", code: "7" });
});
