import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const LIMIT_MS = 180_000;
const node = Bun.which("node");

// Node 20 reads no TypeScript, so the cases are bundled for it.
test.skipIf(node === null)(
  "the shared cases hold for node.ts on Node",
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "weir-on-node-"));
    try {
      const built = await Bun.build({
        entrypoints: [join(import.meta.dirname, "platform_node_test.ts")],
        target: "node",
        outdir: dir,
        naming: "cases.mjs",
        plugins: [
          {
            name: "bun:test on node:test",
            setup(b) {
              b.onResolve({ filter: /^bun:test$/ }, () => ({
                path: join(import.meta.dirname, "../../tools/node_test/bun_test.ts"),
              }));
            },
          },
        ],
      });
      expect(built.logs).toEqual([]);
      const run = spawnSync(node!, ["--test", "--test-reporter=tap", join(dir, "cases.mjs")], {
        encoding: "utf8",
        timeout: LIMIT_MS,
      });
      const failed = run.stdout.split("\n").filter((line) => /^\s*not ok/.test(line));
      expect(failed, run.stdout + run.stderr).toEqual([]);
      expect(Number(/^# pass (\d+)$/m.exec(run.stdout)?.[1])).toBeGreaterThan(40);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
  LIMIT_MS,
);
