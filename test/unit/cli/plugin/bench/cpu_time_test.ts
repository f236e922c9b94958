import { expect, test } from "bun:test";
import { cpuMsOf, ownCpuMs } from "../../../../../src/cli/plugin/bench/cpu_time.ts";

test("CPU time of processes is read of what Linux tells, whatever their names", () => {
  const stat = (pid: number): string =>
    `${pid} (a) b (c) S 1 2 3 4 5 6 7 8 9 10 ${pid} 20 0 0 20 0 1 0 100 1000 10 18446744073709551615`;
  expect(cpuMsOf([1, 2], stat)).toBe(430);
  expect(cpuMsOf([], stat)).toBe(0);
});

test("where it can't be read there is none", () => {
  const gone = (): string => {
    throw new Error("ENOENT");
  };
  expect(cpuMsOf([1], gone)).toBeNull();
  expect(ownCpuMs()).toBeGreaterThan(0);
});
