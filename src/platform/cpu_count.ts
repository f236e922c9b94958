/** A file's text; null: it is not there or can't be read. */
export type ReadText = (path: string) => string | null;

const CGROUPS = "/sys/fs/cgroup";
/** Where the first version's cpu controller is mounted, alone or with its sister. */
const V1_MOUNTS = [`${CGROUPS}/cpu`, `${CGROUPS}/cpu,cpuacct`, `${CGROUPS}/cpuacct,cpu`];
const V2_MOUNTS = [CGROUPS, `${CGROUPS}/unified`];

/**
 * Cores that a process may use on Linux: its affinity, and the quota of its control group and of all above it, rounded up for half a
 * core is still one thread's worth. `fallback` stands where affinity is not told. At least 1.
 */
export function cpuCount(read: ReadText, fallback: number): number {
  const allowed = affinity(read("/proc/self/status") ?? "") ?? fallback;
  const quota = Math.min(...groupsOf(read("/proc/self/cgroup") ?? "").map((g) => lowestQuota(read, g)), Number.POSITIVE_INFINITY);
  return Math.max(1, Math.min(Math.floor(allowed), Math.ceil(quota)));
}

/** `Cpus_allowed_list:	0-3,8` (proc_pid_status(5)). */
function affinity(status: string): number | null {
  const list = /^Cpus_allowed_list:\s*(\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)$/m.exec(status)?.[1];
  if (list === undefined) return null;
  let n = 0;
  for (const part of list.split(",")) {
    const [from, to = from] = part.split("-").map(Number);
    n += to! - from! + 1;
  }
  return Number.isInteger(n) && n > 0 ? n : null;
}

interface Group {
  readonly mounts: readonly string[];
  readonly path: string;
  readonly quota: (read: ReadText, dir: string) => number | null;
}

/** `0::/path` is version 2, `4:cpu,cpuacct:/path` version 1 (cgroups(7)). */
function groupsOf(text: string): Group[] {
  const groups: Group[] = [];
  for (const line of text.split("\n")) {
    const [, id, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    if (id === "0" && controllers === "") groups.push({ mounts: V2_MOUNTS, path, quota: quotaV2 });
    else if (controllers!.split(",").includes("cpu")) groups.push({ mounts: V1_MOUNTS, path, quota: quotaV1 });
  }
  return groups;
}

/** The lowest from the group up to the root. In a container the path may be the host's, and the container's own group is mounted as the root. */
function lowestQuota(read: ReadText, g: Group): number {
  let lowest = Number.POSITIVE_INFINITY;
  for (const mount of g.mounts) {
    for (let path = g.path.replace(/\/+$/, ""); ; path = path.slice(0, path.lastIndexOf("/"))) {
      lowest = Math.min(lowest, g.quota(read, mount + path) ?? lowest);
      if (path === "") break;
    }
  }
  return lowest;
}

/** `150000 100000`, or `max 100000`: microseconds of each period. */
function quotaV2(read: ReadText, dir: string): number | null {
  const [, quota, period] = /^(\d+) (\d+)\s*$/.exec(read(`${dir}/cpu.max`) ?? "") ?? [];
  return share(quota, period);
}

/** -1: none. */
function quotaV1(read: ReadText, dir: string): number | null {
  return share(read(`${dir}/cpu.cfs_quota_us`)?.trim(), read(`${dir}/cpu.cfs_period_us`)?.trim());
}

function share(quota: string | undefined, period: string | undefined): number | null {
  const cores = Number(quota) / Number(period);
  return Number.isFinite(cores) && cores > 0 ? cores : null;
}
