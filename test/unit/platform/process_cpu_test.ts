import { describe, expect, test } from "bun:test";
import { cpuSecondsOf } from "../../../src/platform/process_cpu.ts";

const REST = "S 1 7 7 0 -1 4194560 1 0 0 0 150 75 900 900 20 0 1 0 5 1000 10";

describe("processor time", () => {
  const rows: readonly [name: string, stat: string | null, seconds: number | null][] = [
    ["of a process", `7 (plugin) ${REST}\n`, 2.25],
    ["of one whose name looks like the rest", `7 (a) S 1 (b) ${REST}\n`, 2.25],
    ["of what is cut off", "7 (plugin) S 1", null],
    ["no such process", null, null],
  ];
  for (const [name, stat, seconds] of rows) {
    test(name, () => {
      expect(cpuSecondsOf((path) => (path === "/proc/7/stat" ? stat : null), 7)).toBe(seconds);
    });
  }
});
