import fs from "node:fs";
import process from "node:process";
import { NO_LABELS, type ScrapedMetric } from "./scraped_metric.ts";

const STARTED = Date.now() / 1000 - process.uptime();

/**
 * What the system knows of the process, read at scrape, under the names that Prometheus' client libraries agree on. Only what is right on
 * every runtime: prom-client's own heap spaces, handles, garbage collections and loop delays are not (one space, zeros, none, a
 * hundredth of the delay), and its limit of open files is read once, before Weir raises it.
 */
export const PROCESS_METRICS: readonly ScrapedMetric[] = [
  measure("process_cpu_user_seconds_total", "counter", "CPU time spent in user mode", () => process.cpuUsage().user / 1e6),
  measure("process_cpu_system_seconds_total", "counter", "CPU time spent in the kernel", () => process.cpuUsage().system / 1e6),
  measure("process_cpu_seconds_total", "counter", "CPU time spent", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  }),
  measure("process_start_time_seconds", "gauge", "Start of the process since the Unix epoch", () => STARTED),
  measure("process_resident_memory_bytes", "gauge", "Resident memory", () => process.memoryUsage().rss),
  measure("process_virtual_memory_bytes", "gauge", "Virtual memory", () =>
    kibibytes("/proc/self/status", /^VmSize:\s+(\d+) kB/m),
  ),
  measure("process_open_fds", "gauge", "Open file descriptors", openDescriptors),
  measure("process_max_fds", "gauge", "Soft limit of open file descriptors", () =>
    numberIn("/proc/self/limits", /^Max open files\s+(\d+)/m),
  ),
];

/** A metric with one value; null: not known on this system, no line is written. */
function measure(name: string, type: "counter" | "gauge", help: string, read: () => number | null): ScrapedMetric {
  return {
    name,
    hasMore: false,
    async get() {
      const value = read();
      return {
        name,
        help,
        type,
        values: value === null ? [] : [{ metricName: name, labels: NO_LABELS, sharedLabels: NO_LABELS, value }],
      };
    },
  };
}

function openDescriptors(): number | null {
  try {
    // One is the directory's own.
    return fs.readdirSync("/proc/self/fd").length - 1;
  } catch {
    return null;
  }
}

function kibibytes(path: string, pattern: RegExp): number | null {
  const n = numberIn(path, pattern);
  return n === null ? null : n * 1024;
}

function numberIn(path: string, pattern: RegExp): number | null {
  try {
    const found = pattern.exec(fs.readFileSync(path, "utf8"));
    return found === null ? null : Number(found[1]);
  } catch {
    return null;
  }
}
