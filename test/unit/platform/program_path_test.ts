import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { HostProcesses } from "../../../src/platform/host_processes.ts";

test("a child's program is a path from here, wherever the child works", async () => {
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), "weir-child-")));
  try {
    const place = join(scratch, "place");
    mkdirSync(place);
    writeFileSync(join(scratch, "where"), "#!/bin/sh\npwd\n", { mode: 0o755 });
    const command = relative(process.cwd(), join(scratch, "where"));
    let said = "";
    const code = await new Promise<number | null>((resolve) => {
      let exit: number | null = null;
      new HostProcesses(null).spawn(
        { command, args: [], env: { PATH: "/bin:/usr/bin" }, cwd: place, stdin: "ignore", stdout: "pipe", stderr: "ignore" },
        {
          onStdout: (b) => {
            said += new TextDecoder().decode(b);
          },
          onExit: (how) => {
            exit = how.code;
          },
          onClose: () => resolve(exit),
        },
      );
    });
    expect([code, said]).toEqual([0, `${place}\n`]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});
