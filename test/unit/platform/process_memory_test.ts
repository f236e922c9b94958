import { describe, expect, test } from "bun:test";
import { processMemory } from "../../../src/platform/process_memory.ts";

describe("processMemory", () => {
  const rows: readonly [name: string, files: Readonly<Record<string, string>>, memory: ReturnType<typeof processMemory>][] = [
    [
      "shares of what is mapped by several",
      { "/proc/7/smaps_rollup": "00-ff ---p 0 00:00 0 [rollup]\nRss:       31000 kB\nPss:        9000 kB\nPss_Anon: 1 kB\n" },
      { rss: 31000 * 1024, pss: 9000 * 1024 },
    ],
    ["no rollup", { "/proc/7/status": "Name:\tx\nVmHWM:\t  500 kB\nVmRSS:\t  400 kB\n" }, { rss: 400 * 1024, pss: null }],
    ["a kernel's thread has none", { "/proc/7/status": "Name:\tkthreadd\n" }, null],
    ["no such process", {}, null],
  ];
  for (const [name, files, memory] of rows) {
    test(name, () => {
      const all = new Map(Object.entries(files));
      expect(processMemory((path) => all.get(path) ?? null, 7)).toEqual(memory);
    });
  }
});
