import { describe, expect, test } from "bun:test";
import { execFile } from "node:child_process";
import { join } from "node:path";
import process from "node:process";

const onDeno = "Deno" in globalThis;
const SUBJECT = join(import.meta.dirname, "platform/launcher_subject.ts");

describe("a launcher's host", () => {
  test("reaps orphans by how they ended, and leaves its own child to the runtime", async () => {
    const args = onDeno ? ["run", "-A", "--no-check", SUBJECT] : [SUBJECT];
    const told = await new Promise<string>((resolve, reject) => {
      execFile(process.execPath, args, { timeout: 15_000 }, (e, stdout, stderr) =>
        e === null ? resolve(stdout) : reject(new Error(stderr)),
      );
    });
    expect(JSON.parse(told)).toEqual({
      own: { code: 7, signal: null },
      reaped: [
        ["exits", 5, null],
        ["killed", null, "SIGKILL"],
      ],
      left: null,
      gone: [false, false],
      there: true,
    });
  }, 20_000);
});
