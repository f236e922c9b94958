import type { LinuxCalls } from "../../platform/types.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import { MergedNumbers, type ProcessRole } from "../../telemetry/merged_numbers.ts";
import type { RowSource } from "../../telemetry/metric_family.ts";
import { Metrics } from "../../telemetry/metrics.ts";
import { NumberMemory } from "../../telemetry/number_memory.ts";
import { Numbers } from "../../telemetry/numbers.ts";
import { RowFeed } from "../../telemetry/row_feed.ts";
import { RowReader } from "../../telemetry/row_reader.ts";
import type { BaseBatch, RowBatch } from "../../telemetry/row_records.ts";
import type { MetricGroup, ServerNumbers } from "./server_numbers.ts";

/** A process whose numbers lie in memory that this one has mapped. */
interface Member {
  readonly id: string;
  readonly role: ProcessRole;
  readonly fd: number;
  readonly buffer: ArrayBuffer;
  readonly source: RowSource;
}

/** What a successor gets first. The descriptors of the members go beside it, in their order. */
export interface NumbersEstate {
  readonly base: readonly BaseBatch[];
  readonly members: readonly { readonly id: string; readonly role: ProcessRole }[];
}

/** What a successor hears of later. */
export type NumbersNews =
  | { readonly kind: "rows"; readonly member: string; readonly batch: RowBatch }
  | { readonly kind: "ended"; readonly member: string };

/**
 * The numbers of a whole weir: of this process, of its workers, of processes before an upgrade that drain, and of all that have ended.
 * Each process counts in memory of its own that outlives it, so that nothing is lost when it is killed.
 */
export class WeirNumbers {
  readonly metrics: Metrics;
  readonly merged: MergedNumbers;
  readonly #linux: LinuxCalls | null;
  readonly #log: EventLog;
  readonly #members = new Map<string, Member>();
  readonly #followers = new Set<(news: NumbersNews) => void>();

  /** `id` is this process's own among all of all generations; `bytes`: of the memory in which it counts. */
  constructor(linux: LinuxCalls | null, log: EventLog, id: string, bytes: number) {
    this.#linux = linux;
    this.#log = log;
    const memory = linux?.sharedMemory(bytes) ?? null;
    this.metrics = new Metrics(new Numbers(memory === null ? new NumberMemory() : numberMemory(memory.buffer, log)));
    this.merged = new MergedNumbers(this.metrics.numbers);
    if (memory === null) return;
    const { buffer, fd } = memory;
    this.#members.set(id, { id, role: "control", fd, buffer, source: this.metrics.numbers });
  }

  /** For a server that has all listeners of the config. */
  get ofServer(): ServerNumbers {
    return {
      metrics: this.metrics,
      shown: this.merged,
      retain: (group, names) => {
        this.metrics.retain(group, names);
        this.retain(group, names);
      },
    };
  }

  /** For one that has a part of them: names in force are told by whoever knows the whole config. */
  get ofFront(): ServerNumbers {
    return { ...this.ofServer, retain: (group, names) => this.metrics.retain(group, names) };
  }

  retain(group: MetricGroup, names: { has(name: string): boolean }): void {
    this.merged.retain(group, names);
  }

  /** A process counts in this memory; the descriptor belongs to the numbers from here on. */
  add(id: string, role: ProcessRole, fd: number, buffer: ArrayBuffer): void {
    const source = new RowReader(buffer);
    this.#members.set(id, { id, role, fd, buffer, source });
    this.merged.add(id, source, role);
  }

  /** What a process has told of its rows. */
  apply(id: string, batch: RowBatch): void {
    const source = this.#members.get(id)?.source;
    const fault = source instanceof RowReader ? source.apply(batch) : null;
    if (fault !== null) this.#log.log("error", "numbers of a process can't be shown", { process: id, reason: fault });
  }

  /** A process has ended, and all that it told has come. */
  fold(id: string): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    this.#members.delete(id);
    this.merged.fold(id);
    this.#linux?.closeDescriptor(member.fd);
    for (const f of this.#followers) f({ kind: "ended", member: id });
  }

  /** What a successor goes on with, and the descriptors for it. `news` is called with what happens until `close`. */
  handOver(news: (n: NumbersNews) => void): { estate: NumbersEstate; fds: readonly number[]; begin(): void; close(): void } {
    const members = [...this.#members.values()];
    const leave: (() => void)[] = [];
    return {
      estate: { base: this.merged.dump(), members: members.map(({ id, role }) => ({ id, role })) },
      fds: members.map((m) => m.fd),
      begin: () => {
        this.#followers.add(news);
        for (const { id, buffer, source } of members)
          leave.push(source.watch(new RowFeed(buffer, (batch) => news({ kind: "rows", member: id, batch }))));
      },
      close: () => {
        this.#followers.delete(news);
        for (const f of leave.splice(0)) f();
      },
    };
  }

  /** Goes on with what a predecessor has handed over; the descriptors belong to the numbers from here on. */
  inherit({ base, members }: NumbersEstate, fds: readonly number[]): void {
    for (const batch of base) {
      const fault = this.merged.load(batch);
      if (fault !== null) this.#log.log("error", "numbers of before the upgrade can't be shown", { reason: fault });
    }
    for (const [i, { id, role }] of members.entries()) {
      try {
        this.add(id, role, fds[i]!, this.#linux!.mapShared(fds[i]!));
      } catch (e) {
        this.#log.log("error", "numbers of a process can't be shown", { process: id, reason: String(e) });
        this.#linux!.closeDescriptor(fds[i]!);
      }
    }
  }

  /** What a predecessor tells of its processes. */
  hear(n: NumbersNews): void {
    if (n.kind === "rows") this.apply(n.member, n.batch);
    else this.fold(n.member);
  }
}

/** Slots of a process in memory that others have mapped. */
export function numberMemory(buffer: ArrayBuffer, log: EventLog): NumberMemory {
  return new NumberMemory({
    buffer,
    onFull: () => log.log("warning", "numbers of this process are no longer all seen by others: it has too many names", {}),
  });
}
