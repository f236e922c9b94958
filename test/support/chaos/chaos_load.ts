import { until } from "../deadline.ts";
import { H1Load } from "../load/h1_load.ts";
import { bare, chunked, sized } from "../load/h1_shapes.ts";
import { H2Load, type H2Shape } from "../load/h2_load.ts";
import type { Failure, Kind, Report } from "../load/ledger.ts";
import type { Load } from "../load/load.ts";
import { OpenLoop } from "../load/open_loop.ts";
import { TextSocket } from "../load/text_socket.ts";
import type { ChaosFront } from "./chaos_front.ts";
import type { ChaosSite } from "./chaos_site.ts";

export interface Wish {
  /** A policy of the site. */
  readonly policy: string;
  /** The timeout of the policy's route. */
  readonly timeoutMs: number;
  /** HTTP/2 over TLS beside HTTP/1.1. */
  readonly h2?: boolean;
}

/** How many of each kind had been sent. */
export type Mark = Readonly<Record<string, number>>;

/** Ids are unique over all loads of a site. */
let loads = 0;

/** A client that waits longer than the timeout by so much has been forgotten: the rest is what a busy machine may take. */
const BUSY_MS = 5_000;
const PUT_BODY = "0123456789abcdef".repeat(100);
const SHOWN = 20;
/** Logs are written behind the requests. */
const LOG_MS = 10_000;
/** An error in place of a reply. */
const TOLD = /^(reset -1, )?status 50[0234]\b/;
/** A reply that ends early, and looks so; a reset may take away what came before it. */
const CUT = /^no response: |^reset \d+, status /;

/**
 * Steady load on policies in front of all, in an open loop: what is safe may be repeated (GET, and PUT with a body), posts may not. At the
 * end each request is held against what upstreams say that they were asked.
 */
export class ChaosLoad implements Disposable {
  readonly #site: ChaosSite;
  readonly #loop = new OpenLoop();

  private constructor(site: ChaosSite) {
    this.#site = site;
  }

  static async begin(site: ChaosSite, ...wishes: readonly Wish[]): Promise<ChaosLoad> {
    const load = new ChaosLoad(site);
    const n = ++loads;
    const all = wishes.flatMap((w) =>
      site.fronts.flatMap((f) => loadsOf(f, w, (name) => load.#loop.ledger.kind(`${n}.${w.policy}.${f.name}.${name}`))),
    );
    await load.#loop.begin(all);
    await load.more(5);
    return load;
  }

  /** Until each kind has been answered so often again. */
  async more(each = 8, ms = 30_000): Promise<void> {
    const before = this.#loop.report().kinds;
    const lack = (): string[] =>
      Object.entries(this.#loop.report().kinds).flatMap(([name, k]) => (k.answered < before[name]!.answered + each ? name : []));
    await until("answers of all kinds", () => lack().length === 0, ms).catch((e: Error) => {
      throw new Error(`${e.message}; lack: ${lack().join(", ")}; failed last: ${told(this.#loop.report().failures.slice(-5))}`);
    });
  }

  mark(): Mark {
    return Object.fromEntries(Object.entries(this.#loop.report().kinds).map(([name, k]) => [name, k.sent]));
  }

  get failures(): readonly Failure[] {
    return this.#loop.report().failures;
  }

  /** Failures of what was sent after the mark. */
  since(mark: Mark): readonly Failure[] {
    return this.failures.filter((f) => numberOf(f) > (mark[f.kind] ?? 0));
  }

  /** Until a while has passed in which nothing failed that was sent in it. */
  async well(ms = 30_000): Promise<void> {
    const end = performance.now() + ms;
    for (;;) {
      const mark = this.mark();
      await this.more();
      const failed = this.since(mark);
      if (failed.length === 0) return;
      if (performance.now() > end) throw new Error(`waited ${ms} ms for a while without failures: ${told(failed)}`);
    }
  }

  /**
   * Sends no more, waits for what is under way, and accounts for every request. `excused`: which failures of safe ones were to be expected.
   * A POST may fail, but its client has to hear of it within its timeout; and it must not have been sent twice.
   */
  async end(excused: (f: Failure) => boolean = () => false): Promise<void> {
    const { kinds, failures } = await this.#loop.stop();
    const faults: string[] = [];
    const logged = await this.#logged(kinds);
    for (const [name, { sent, answered, failed }] of Object.entries(kinds)) {
      if (answered === 0 || answered + failed !== sent)
        faults.push(`${name}: ${sent} sent, ${answered} answered, ${failed} failed`);
    }
    for (const f of failures) {
      const line = logged.get(f.id)?.join(" and ") ?? "";
      const fair = isTold(f) || (isCut(f) && line.startsWith("200 "));
      if (!fair || (isSafe(f.kind) && !excused(f))) faults.push(`${f.id}: ${f.reason} (logged: ${line})`);
    }
    const failed = new Set(failures.map((f) => f.id));
    const journal = this.#site.journal();
    for (const id of idsOf(kinds)) {
      const by = journal.get(id) ?? [];
      if (by.length === 0 && !failed.has(id)) faults.push(`${id} was answered, and no upstream was asked`);
      if (by.length > 1 && !isSafe(id)) faults.push(`${id} was sent to ${by.join(" and ")}`);
      const lines = logged.get(id) ?? [];
      if (lines.length !== 1) faults.push(`${id} is logged ${lines.length} times: ${lines.join(" and ")}`);
    }
    if (faults.length > 0) throw new Error(`${faults.length} faults: ${faults.slice(0, SHOWN).join("; ")}`);
  }

  /** Sends nothing more, and asks nobody what became of what was sent. */
  [Symbol.dispose](): void {
    this.#loop[Symbol.dispose]();
  }

  /** What access logs have of each request, once that is all. */
  async #logged(kinds: Report["kinds"]): Promise<Map<string, string[]>> {
    const all = (): Map<string, string[]> => new Map(this.#site.fronts.flatMap((f) => [...f.logged()]));
    const ids = idsOf(kinds);
    let last = all();
    const whole = (): boolean => {
      last = all();
      return ids.every((id) => last.has(id));
    };
    // What is missing is told with everything else.
    await until("access logs", whole, LOG_MS).catch(() => {});
    return last;
  }
}

function idsOf(kinds: Report["kinds"]): string[] {
  return Object.entries(kinds).flatMap(([name, { sent }]) => Array.from({ length: sent }, (_, i) => `${name}-${i + 1}`));
}

function loadsOf(front: ChaosFront, { policy, timeoutMs, h2 = false }: Wish, kind: (name: string) => Kind): Load[] {
  const open = (): Promise<TextSocket> => TextSocket.open(front.port);
  const answerMs = timeoutMs + BUSY_MS;
  const path = `/${policy}`;
  const safe = [bare("GET", path), bare("GET", path), sized("PUT", path), chunked("PUT", path)];
  const posts = [sized("POST", path), chunked("POST", path)];
  const all: Load[] = [
    new H1Load(kind("safe kept"), open, 30, { keep: true, shapes: safe, answerMs }),
    new H1Load(kind("safe new"), open, 10, { keep: false, shapes: safe, answerMs }),
    new H1Load(kind("post"), open, 15, { keep: true, shapes: posts, answerMs }),
  ];
  if (!h2) return all;
  const shape = (method: string, body: string): H2Shape => ({ method, path, body });
  const safe2 = [shape("GET", ""), shape("PUT", PUT_BODY)];
  return [
    ...all,
    new H2Load(kind("safe h2"), front.tlsPort, 20, { connections: 2, shapes: safe2, answerMs }),
    new H2Load(kind("post h2"), front.tlsPort, 10, { connections: 1, shapes: [shape("POST", PUT_BODY)], answerMs }),
  ];
}

/** The client heard of an error. */
export function isTold(f: Failure): boolean {
  return TOLD.test(f.reason);
}

/** The client saw that its reply is not whole. */
export function isCut(f: Failure): boolean {
  return CUT.test(f.reason);
}

function isSafe(kind: string): boolean {
  return kind.includes(".safe ");
}

/** Of ids, as a kind gives them. */
function numberOf({ id }: Failure): number {
  return Number(id.slice(id.lastIndexOf("-") + 1));
}

function told(failures: readonly Failure[]): string {
  return failures.map((f) => `${f.id}: ${f.reason}`).join("; ");
}
