import { describe, expect, test } from "bun:test";
import { residentOf } from "../../../src/platform/process_memory.ts";

describe("resident memory", () => {
  const rows: readonly [name: string, files: Readonly<Record<string, string>>, bytes: number | null][] = [
    ["of a process", { "/proc/7/status": "Name:\tx\nVmHWM:\t  500 kB\nVmRSS:\t  400 kB\n" }, 400 * 1024],
    ["a kernel's thread has none", { "/proc/7/status": "Name:\tkthreadd\n" }, null],
    ["no such process", {}, null],
  ];
  for (const [name, files, bytes] of rows) {
    test(name, () => {
      const all = new Map(Object.entries(files));
      expect(residentOf((path) => all.get(path) ?? null, 7)).toBe(bytes);
    });
  }
});
