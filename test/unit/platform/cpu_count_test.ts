import { describe, expect, test } from "bun:test";
import { cpuCount } from "../../../src/platform/cpu_count.ts";

const EIGHT = "Name:\tweir\nCpus_allowed:\tff\nCpus_allowed_list:\t0-7\n";
const V1 = "9:name=systemd:/\n4:cpu,cpuacct:/docker/abc\n";

describe("cpuCount", () => {
  const rows: readonly [name: string, files: Readonly<Record<string, string>>, fallback: number, cores: number][] = [
    ["nothing is told", {}, 4, 4],
    ["nothing is told, and the runtime says 0", {}, 0, 1],
    ["affinity alone", { "/proc/self/status": EIGHT }, 2, 8],
    ["affinity with gaps", { "/proc/self/status": "Cpus_allowed_list:\t0-1,4,6-7\n" }, 64, 5],
    ["affinity of one", { "/proc/self/status": "Cpus_allowed_list:\t3\n" }, 64, 1],
    ["affinity that can't be read", { "/proc/self/status": "Cpus_allowed_list:\t-\n" }, 3, 3],
    [
      "v2: a quota of its own group",
      { "/proc/self/status": EIGHT, "/proc/self/cgroup": "0::/app\n", "/sys/fs/cgroup/app/cpu.max": "200000 100000\n" },
      8,
      2,
    ],
    [
      "v2: part of a core is rounded up",
      { "/proc/self/status": EIGHT, "/proc/self/cgroup": "0::/app\n", "/sys/fs/cgroup/app/cpu.max": "250000 100000\n" },
      8,
      3,
    ],
    [
      "v2: less than one core",
      { "/proc/self/status": EIGHT, "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "10000 100000\n" },
      8,
      1,
    ],
    [
      "v2: the lowest of those above counts",
      {
        "/proc/self/status": EIGHT,
        "/proc/self/cgroup": "0::/slice/app/leaf\n",
        "/sys/fs/cgroup/slice/app/leaf/cpu.max": "max 100000\n",
        "/sys/fs/cgroup/slice/app/cpu.max": "600000 100000\n",
        "/sys/fs/cgroup/slice/cpu.max": "300000 100000\n",
      },
      8,
      3,
    ],
    [
      "v2: the host's path inside a container, whose group is the root there",
      {
        "/proc/self/status": EIGHT,
        "/proc/self/cgroup": "0::/kubepods/pod1/x\n",
        "/sys/fs/cgroup/cpu.max": "400000 100000\n",
      },
      8,
      4,
    ],
    [
      "v2: no quota",
      { "/proc/self/status": EIGHT, "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "max 100000\n" },
      8,
      8,
    ],
    [
      "v2 beside v1 (hybrid)",
      { "/proc/self/status": EIGHT, "/proc/self/cgroup": "0::/a\n", "/sys/fs/cgroup/unified/a/cpu.max": "100000 50000\n" },
      8,
      2,
    ],
    [
      "v1: a quota",
      {
        "/proc/self/status": EIGHT,
        "/proc/self/cgroup": V1,
        "/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us": "150000\n",
        "/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us": "100000\n",
      },
      8,
      2,
    ],
    [
      "v1: the container's group is the root",
      {
        "/proc/self/status": EIGHT,
        "/proc/self/cgroup": V1,
        "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
        "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "10000\n",
      },
      8,
      5,
    ],
    [
      "v1: no quota",
      {
        "/proc/self/status": EIGHT,
        "/proc/self/cgroup": V1,
        "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
        "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      },
      8,
      8,
    ],
    [
      "a quota above what affinity allows",
      {
        "/proc/self/status": "Cpus_allowed_list:\t0-1\n",
        "/proc/self/cgroup": "0::/\n",
        "/sys/fs/cgroup/cpu.max": "800000 100000\n",
      },
      8,
      2,
    ],
    [
      "a file that says nonsense counts for nothing",
      { "/proc/self/status": EIGHT, "/proc/self/cgroup": "0::/\nnonsense\n", "/sys/fs/cgroup/cpu.max": "0 0\n" },
      8,
      8,
    ],
  ];
  for (const [name, files, fallback, cores] of rows) {
    test(name, () => {
      const all = new Map(Object.entries(files));
      expect(cpuCount((path) => all.get(path) ?? null, fallback)).toBe(cores);
    });
  }
});
