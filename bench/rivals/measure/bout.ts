import type { Subject } from "./arena.ts";
import { nextLine } from "./arena.ts";
import { startOnLoadCore } from "./child.ts";
import { cpuTimeOf, machineTime, memoryOf, processTree } from "./proc.ts";
import type { Sample } from "./sample.ts";
import { loadTool } from "./tools.ts";

export interface Load {
  readonly tool: "load" | "load_tls" | "load_h2" | "load_udp";
  /** One of the tool's. */
  readonly mode: "closed" | "new" | "open" | "handshakes" | "get" | "grpc";
  /** Path of a file of requests; absent: the tool has its own. */
  readonly requests?: string;
  /** Streams of each connection, for HTTP/2. */
  readonly streams?: number;
  /** Bytes of a reply's body, for HTTP/2; of a datagram. */
  readonly body?: number;
  readonly connections: number;
  readonly seconds: number;
  /** Seconds before the window. */
  readonly warmup: number;
  /** Arrivals a second, for an open loop. */
  readonly rate?: number;
  readonly seed: number;
  /** Statuses that are right; any other reply fails the run. */
  readonly statuses: readonly string[];
}

interface Printed {
  readonly requests: number;
  readonly failed: number;
  readonly unfinished: number;
  readonly reconnects: number;
  readonly seconds: number;
  readonly cpuNs: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly statuses: Readonly<Record<string, number>>;
}

/** One round on one proxy. Throws when it failed requests: what is fast and wrong is no result. */
export async function runBout(subject: Subject, load: Load): Promise<Sample["values"]> {
  const tree = processTree(subject.pid);
  const timesBefore = tree.map(cpuTimeOf);
  const before = machineTime();
  const child = startOnLoadCore(load.tool, [loadTool(load.tool), load.mode, ...flags(subject, load, tree)]);
  const printed = JSON.parse(await nextLine(child.process)) as Printed;
  await child.stop();
  const after = machineTime();
  const [own = 0, ...children] = tree.map((pid, i) => cpuTimeOf(pid) - timesBefore[i]!);
  const below = children.reduce((a, b) => a + b, 0);
  if (String(processTree(subject.pid)) !== String(tree))
    throw new Error(`${subject.name}: processes came or went during a round`);
  const wrong = Object.entries(printed.statuses).filter(([status]) => !load.statuses.includes(status));
  if (wrong.length > 0 || printed.failed > 0 || printed.requests === 0)
    throw new Error(`${subject.name} failed under load: ${JSON.stringify(printed)}\n${subject.said()}`);
  const rss = memoryOf(subject.pid, "Rss");
  subject.emptyLog();
  return {
    cpu: printed.cpuNs / 1000 / printed.requests,
    // The parts are of the warm-up and the window together.
    children: (printed.cpuNs / 1000 / printed.requests) * (below / (own + below)),
    perCpu: (printed.requests * 1e9) / printed.cpuNs,
    busy: printed.cpuNs / 1e7 / printed.seconds,
    rate: printed.requests / printed.seconds,
    p50: printed.p50,
    p99: printed.p99,
    p999: printed.p999,
    rss,
    reconnects: printed.reconnects,
    unfinished: printed.unfinished,
    others: (100 * Math.max(0, after.others - before.others)) / (after.all - before.all),
  };
}

function flags(subject: Subject, load: Load, tree: readonly number[]): string[] {
  const values: Record<string, string | number | undefined> = {
    to: subject.port,
    requests: load.requests,
    connections: load.connections,
    streams: load.streams,
    body: load.body,
    seconds: load.seconds,
    warmup: load.warmup,
    seed: load.seed,
    cpu: tree.join(","),
    rate: load.rate,
  };
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
}
