import type { AccessLogSpec } from "../config/model.ts";
import type { AccessLog, AccessRecord } from "../telemetry/access_record.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { type AccessLogFormat, compileAccessFormat } from "./access_log_format.ts";
import { LineSink, type SinkEnv } from "./line_sink.ts";
import { AppendFile, StandardStream } from "./log_file.ts";

interface Output {
  readonly format: AccessLogFormat;
  readonly sink: LineSink;
}

/**
 * All access logs of a weir behind one object that lives as long as the process: `apply` swaps what it writes to, and a destination that
 * stays in the config keeps its file and what it has collected. Exchanges that began before a reload log to what is in force at their end.
 */
export class AccessLogs implements AccessLog {
  readonly #metrics: Metrics;
  readonly #env: SinkEnv;
  #sinks: Map<string, LineSink> = new Map();
  #outputs: readonly Output[] = [];
  readonly #closing: Set<Promise<void>> = new Set();

  constructor(metrics: Metrics, env: SinkEnv) {
    this.#metrics = metrics;
    this.#env = env;
  }

  /**
   * What comes before `commit` goes to the logs in force. The first config's listeners take requests before it is committed: where no log
   * is in force, those to come are from now on.
   */
  prepare(specs: readonly AccessLogSpec[]): { commit(): void; undo(): void } {
    if (this.#outputs.length > 0) return { commit: () => this.apply(specs), undo: () => {} };
    this.apply(specs);
    return { commit: () => {}, undo: () => this.apply([]) };
  }

  /** Formats are checked when the config is decoded; one with problems throws here. */
  apply(specs: readonly AccessLogSpec[]): void {
    const formats = specs.map((spec) => formatOf(spec));
    const sinks: Map<string, LineSink> = new Map();
    const outputs: Output[] = [];
    for (const [i, { to }] of specs.entries()) {
      const key = to.kind === "file" ? `file:${to.path}` : to.kind;
      const sink = sinks.get(key) ?? this.#sinks.get(key) ?? this.#open(to);
      sinks.set(key, sink);
      outputs.push({ format: formats[i]!, sink });
    }
    const before = this.#sinks;
    this.#sinks = sinks;
    this.#outputs = outputs;
    for (const [key, sink] of before) if (!sinks.has(key)) this.#retire(sink);
    this.#metrics.retain("log", new Set(specs.map((spec) => logName(spec.to))));
  }

  write(r: AccessRecord): void {
    const outputs = this.#outputs;
    for (let i = 0; i < outputs.length; i++) {
      const { format, sink } = outputs[i]!;
      sink.write(r, format);
    }
  }

  /** For SIGUSR1: files are opened anew by their path. */
  reopen(): void {
    for (const sink of this.#sinks.values()) sink.reopen();
  }

  /** Writes what is there and closes everything; resolves in any case. */
  async close(): Promise<void> {
    for (const sink of this.#sinks.values()) this.#retire(sink);
    this.#sinks = new Map();
    this.#outputs = [];
    await Promise.all(this.#closing);
  }

  #open(to: AccessLogSpec["to"]): LineSink {
    const file = to.kind === "file" ? new AppendFile(to.path) : new StandardStream(to.kind);
    return new LineSink(file, this.#metrics.accessLog(logName(to)), this.#env);
  }

  #retire(sink: LineSink): void {
    const closing = sink.close();
    this.#closing.add(closing);
    void closing.then(() => this.#closing.delete(closing));
  }
}

function formatOf(spec: AccessLogSpec): AccessLogFormat {
  const { format, problems } = compileAccessFormat(spec.format);
  if (format === null) throw new Error(`access log format: ${problems.map((p) => p.message).join("; ")}`);
  return format;
}

/** How a destination is named in metrics and events. */
export function logName(to: AccessLogSpec["to"]): string {
  return to.kind === "file" ? to.path : to.kind;
}
