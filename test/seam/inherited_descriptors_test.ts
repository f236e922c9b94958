import { describe, expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createNodePlatform } from "../../src/platform/node.ts";

const onDeno = "Deno" in globalThis;
const SUBJECT = join(import.meta.dirname, "platform/inherited_subject.ts");

describe("descriptors that were inherited", () => {
  test("are closed for good: a file that gets the number is read as itself", async () => {
    const { processes } = createNodePlatform(onDeno ? "deno" : "bun");
    const dir = mkdtempSync(join(tmpdir(), "weir-inherited-"));
    const file = join(dir, "file");
    writeFileSync(file, "what stands in the file");
    const passed = [openSync("/dev/null", "r"), openSync("/dev/null", "r")];
    const flags = onDeno ? ["run", "-A", "--no-check"] : [];
    let text = "";
    await new Promise<void>((resolve) => {
      processes!.spawn(
        {
          command: process.execPath,
          args: [...flags, SUBJECT, file],
          env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "" },
          stdin: "ignore",
          stdout: "pipe",
          stderr: "inherit",
          descriptors: passed,
        },
        {
          onStdout: (b) => {
            text += new TextDecoder().decode(b);
          },
          onExit: () => {},
          onClose: resolve,
        },
      );
    });
    expect(text).toBe("what stands in the file");
    for (const fd of passed) closeSync(fd);
    rmSync(dir, { recursive: true });
  }, 20_000);
});
