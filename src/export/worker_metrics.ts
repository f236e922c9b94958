import fs from "node:fs";
import { NO_LABELS, type Sample, type ScrapedMetric } from "./scraped_metric.ts";

/** A place for a worker, which one process after another fills. */
export interface WorkerProcess {
  /** Value of the label `worker`, each once in a list. */
  readonly worker: string;
  /** Null while none runs. */
  readonly pid: number | null;
  /** Processes that were started in place of one that had ended. */
  readonly restarts: number;
}

/** Ticks a second in /proc/PID/stat (USER_HZ): fixed by the kernel's interface on x86-64 and AArch64. */
const TICKS = 100;

/**
 * What the system knows of worker processes, read when the page is made; null in, no line out: the process is gone, the system is not
 * Linux, or it does not let this user look. CPU seconds begin at 0 with each process, as Prometheus expects of a counter.
 */
export function workerMetrics(list: () => readonly WorkerProcess[]): readonly ScrapedMetric[] {
  function measure(name: string, type: "counter" | "gauge", help: string, read: (w: WorkerProcess) => number | null) {
    return {
      name,
      hasMore: false,
      async get() {
        const values: Sample[] = [];
        for (const w of list()) {
          const value = read(w);
          if (value !== null) values.push({ metricName: name, labels: { worker: w.worker }, sharedLabels: NO_LABELS, value });
        }
        return { name, help, type, values };
      },
    };
  }
  function ofProcess(read: (pid: number) => number | null): (w: WorkerProcess) => number | null {
    return ({ pid }) => (pid === null ? null : known(() => read(pid)));
  }
  return [
    measure("weir_worker_up", "gauge", "1 while a process runs in the worker's place", ({ pid }) => (pid === null ? 0 : 1)),
    measure("weir_worker_restarts_total", "counter", "Processes started in place of one that had ended", (w) => w.restarts),
    measure("weir_worker_cpu_seconds_total", "counter", "CPU time spent by the worker's process", ofProcess(cpuSeconds)),
    measure("weir_worker_resident_memory_bytes", "gauge", "Resident memory of the worker's process", ofProcess(residentBytes)),
    measure("weir_worker_open_fds", "gauge", "Open file descriptors of the worker's process", ofProcess(openDescriptors)),
  ];
}

/** User and system time: fields 14 and 15 of proc_pid_stat(5). The name before them may hold blanks and parentheses. */
function cpuSeconds(pid: number): number | null {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks / TICKS : null;
}

function residentBytes(pid: number): number | null {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
  return found === null ? null : Number(found[1]) * 1024;
}

function openDescriptors(pid: number): number {
  return fs.readdirSync(`/proc/${pid}/fd`).length;
}

function known(read: () => number | null): number | null {
  try {
    return read();
  } catch {
    return null;
  }
}
