import type { ClusterSpec, EndpointSpec } from "../../../config/model.ts";
import type { Problem } from "../../../config/problem.ts";
import { FileWatch } from "../../../tls/store/file_watch.ts";
import { diskSecrets, type SecretFiles } from "../../../tls/store/secret_files.ts";
import type { WatchEnv } from "../../../upstream/discovery/dns_policy.ts";
import type { EndpointSink, EndpointSource } from "../../../upstream/discovery/endpoint_source.ts";
import { readEndpoints } from "./read_endpoints.ts";

/** Sources of endpoints that are files. */
export function openEndpoints(spec: ClusterSpec, env: WatchEnv): EndpointSource {
  if (typeof spec.hosts === "string" || spec.hosts.kind !== "file")
    throw new Error(`give the cluster ${JSON.stringify(spec.name)} a source: found ${JSON.stringify(spec.hosts)}, which is none`);
  return new EndpointsFile(env, spec.hosts.path, diskSecrets);
}

/** A file that is bad, or gone, only for a moment is not worth a line in the log. */
const SETTLE_MS = 1_000;

/**
 * A file with a list of endpoints, watched: what was good in it last stays until something good takes its place.
 *
 *   good ──changed──▶ settling ──reads well──▶ good
 *     ▲                  │ 1 s later
 *     └──reads well── refused, told once
 */
export class EndpointsFile implements EndpointSource {
  readonly #env: WatchEnv;
  readonly #path: string;
  readonly #files: SecretFiles;
  readonly #watch: FileWatch;
  #sink: EndpointSink | null = null;
  /** What it held when it was looked at last; null: it could not be read. */
  #seen: string | null | undefined;
  /** Since when it holds something bad that was not told, by the platform's clock; -1: it does not. */
  #badSince = -1;
  #kept = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(env: WatchEnv, path: string, files: SecretFiles) {
    this.#env = env;
    this.#path = path;
    this.#files = files;
    this.#watch = new FileWatch(env.platform, files, () => this.#lookSoon());
  }

  start(sink: EndpointSink): void {
    this.#sink = sink;
    this.#lookSoon();
  }

  close(): void {
    this.#sink = null;
    this.#watch.close();
  }

  #lookSoon(): void {
    this.#queue = this.#queue.then(() => this.#look());
  }

  async #look(): Promise<void> {
    if (this.#sink === null) return;
    let text: string | null = null;
    let reason = "";
    try {
      text = await this.#files.read(this.#path);
    } catch (e) {
      reason = e instanceof Error ? e.message : String(e);
    }
    const first = this.#seen === undefined;
    const isNew = text !== this.#seen;
    this.#seen = text;
    // Closed meanwhile, or nothing to do.
    if (this.#sink !== null && (isNew || this.#badSince >= 0)) {
      const read = text === null ? null : readEndpoints(this.#path, text);
      if (read?.kind === "list") this.#take(read.endpoints, first);
      else this.#refuse(read === null ? [`make the file readable: ${reason}`] : read.problems.map(problemText), first, isNew);
    }
    // A symlink may have been swapped, so that other directories matter.
    if (this.#sink !== null) await this.#watch.set([this.#path]);
  }

  #take(endpoints: readonly EndpointSpec[], first: boolean): void {
    this.#badSince = -1;
    this.#kept = endpoints.length;
    if (!first) this.#log("info", "Endpoints replaced", { endpoints: endpoints.length });
    this.#sink!.set(endpoints);
  }

  #refuse(problems: readonly string[], first: boolean, isNew: boolean): void {
    const now = this.#env.platform.now();
    if (first) this.#sink!.lacking();
    else if (isNew || now - this.#badSince < SETTLE_MS) {
      if (isNew) this.#badSince = now;
      this.#env.platform.setTimer(SETTLE_MS, () => this.#lookSoon());
      return;
    }
    this.#badSince = -1;
    this.#env.failed();
    this.#log("error", "Endpoints not replaced, those before stay in use", { kept: this.#kept, problems });
  }

  #log(level: "info" | "error", message: string, facts: Readonly<Record<string, number | readonly string[]>>): void {
    const { log, cluster } = this.#env;
    log.log(level, message, { cluster, file: this.#path, ...facts });
  }
}

/** `file:line:column: what to do`. */
function problemText({ place, message, hint }: Problem): string {
  const text = hint === "" ? message : `${message} (${hint})`;
  return place === null ? text : `${place.file}:${place.line}:${place.column}: ${text}`;
}
