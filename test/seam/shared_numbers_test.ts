import { expect, test } from "bun:test";
import { join } from "node:path";
import process from "node:process";
import { createNodePlatform } from "../../src/platform/node.ts";
import { MergedNumbers } from "../../src/telemetry/merged_numbers.ts";
import type { Counter, Histogram } from "../../src/telemetry/metric_handles.ts";
import { RowReader } from "../../src/telemetry/row_reader.ts";

const onDeno = "Deno" in globalThis;
const SUBJECT = join(import.meta.dirname, "platform/shared_numbers_subject.ts");
const { linux, processes } = createNodePlatform(onDeno ? "deno" : "bun");
const ENOUGH = 100_000;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test.skipIf(linux === null || processes === null)(
  "a process that is killed in the midst of counting leaves all that it counted (Linux alone has shared memory)",
  async () => {
    const { fd, buffer } = linux!.sharedMemory(1 << 20);
    const reader = new RowReader(buffer);
    const merged = new MergedNumbers();
    merged.add("0", reader, "worker");
    const value = (name: string): number => (merged.families.get(name)?.rows.get("")?.metric as Counter | undefined)?.value ?? 0;
    let line = "";
    const closed = Promise.withResolvers<string | null>();
    let signal: string | null = null;
    const child = processes!.spawn(
      {
        command: process.execPath,
        args: onDeno ? ["run", "-A", "--no-check", SUBJECT] : [SUBJECT],
        env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "" },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "inherit",
        descriptors: [fd],
      },
      {
        onStdout(b) {
          line += new TextDecoder().decode(b);
          const lines = line.split("\n");
          line = lines.pop()!;
          for (const l of lines) expect(reader.apply(JSON.parse(l))).toBeNull();
        },
        onExit(how) {
          signal = how.signal ?? `code ${how.code}`;
        },
        onClose: () => closed.resolve(signal),
      },
    );
    try {
      let last = 0;
      let reads = 0;
      while (last < ENOUGH && signal === null) {
        const now = value("first");
        // A torn value would be no whole number, or a step back.
        if (!Number.isInteger(now) || now < last) throw new Error(`found ${now} after ${last}`);
        last = now;
        if (reads++ % 64 === 0) await nextTurn();
      }
      expect(value("open")).toBe(1);
    } finally {
      child.kill("SIGKILL");
    }
    expect(await closed.promise).toBe("SIGKILL");
    const first = value("first");
    const second = value("second");
    expect(first).toBeGreaterThanOrEqual(ENOUGH);
    expect([0, 1]).toContain(first - second);
    merged.fold("0");
    linux!.closeDescriptor(fd);
    expect([value("first"), value("second")]).toEqual([first, second]);
    expect(merged.families.get("open")!.rows.size).toBe(0);
    const { sum, counts } = merged.families.get("seconds")!.rows.get("")!.metric as Histogram;
    expect([0, 1]).toContain(second - counts[1]!);
    expect([0, 1.5]).toContain(sum - 1.5 * counts[1]!);
  },
  30_000,
);
