import { expect, test } from "bun:test";
import { join } from "node:path";
import process from "node:process";
import { createNodePlatform } from "../../src/platform/node.ts";
import { bytesOfRows } from "../../src/server/counts/counts_layout.ts";
import { CountsMemory } from "../../src/server/counts/counts_memory.ts";
import { SharedCounts } from "../../src/server/counts/shared_counts.ts";
import { Child } from "./platform/child.ts";
import { CAP, CHECKED_KINDS, CONTENDERS, RATE } from "./platform/shared_counts_facts.ts";

const onDeno = "Deno" in globalThis;
const SUBJECT = join(import.meta.dirname, "platform/shared_counts_subject.ts");
const platform = createNodePlatform(onDeno ? "deno" : "bun");
const { linux } = platform;
const without = linux === null || platform.processes === null;
const TIMEOUT = 60_000;

/** Memory as a supervisor makes it, and processes that count in it. */
class Site implements Disposable {
  readonly memory = new CountsMemory(linux!, 4);
  readonly check = linux!.sharedMemory(4096);
  readonly children: { readonly row: number; readonly child: Child }[] = [];

  start(role: string): Child {
    const row = this.memory.takeRow();
    const flags = onDeno ? ["run", "-A", "--no-check"] : [];
    const child = new Child(platform, {
      command: process.execPath,
      args: [...flags, SUBJECT, String(row), role],
      env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "" },
      descriptors: [this.memory.fd, this.check.fd],
    });
    this.children.push({ row, child });
    return child;
  }

  /** Another process of them: this one. */
  counts(): SharedCounts {
    const buffer = linux!.mapShared(this.memory.fd);
    expect(buffer.byteLength).toBeGreaterThan(bytesOfRows(4));
    const counts = new SharedCounts(buffer, this.memory.takeRow(), () => 0);
    counts.tell([["web", 3]]);
    return counts;
  }

  [Symbol.dispose](): void {
    for (const { child } of this.children) child.process.kill("SIGKILL");
    linux!.closeDescriptor(this.memory.fd);
    linux!.closeDescriptor(this.check.fd);
  }
}

test.skipIf(without)(
  "processes that contend for places never hold more than the cap together (Linux alone has shared memory)",
  async () => {
    using site = new Site();
    const children = Array.from({ length: CONTENDERS }, () => site.start("contend"));
    for (const c of children) expect((await c.told<{ result: number }>()).result).toBeGreaterThan(0);
    const checks = [...new Int32Array(site.check.buffer, 0, 2 * CHECKED_KINDS)];
    expect(checks).toEqual(new Array<number>(2 * CHECKED_KINDS).fill(0));
    // Each has given back what it took.
    const { total, clients } = site.counts();
    expect([total.take(CAP), clients.take("192.0.2.1", CAP)]).toEqual([true, true]);
    expect([total.take(CAP), clients.take("192.0.2.1", CAP)]).toEqual([false, false]);
  },
  TIMEOUT,
);

test.skipIf(without)(
  "processes that draw on one rate at the same moment have its burst together (Linux alone has shared memory)",
  async () => {
    using site = new Site();
    const children = Array.from({ length: CONTENDERS }, () => site.start("tokens"));
    let sum = 0;
    for (const c of children) sum += (await c.told<{ result: number }>()).result;
    expect(sum).toBe(RATE.burst);
  },
  TIMEOUT,
);

test.skipIf(without)(
  "what a killed process held is free again (Linux alone has shared memory)",
  async () => {
    using site = new Site();
    const counts = site.counts();
    const takeAll = (): readonly boolean[] => [
      counts.total.take(CAP),
      counts.listener("web").take(CAP),
      counts.clients.take("192.0.2.1", CAP),
    ];
    await site.start("hold").told<unknown>();
    expect(takeAll()).toEqual([false, false, false]);
    const { row, child } = site.children[0]!;
    child.process.kill("SIGKILL");
    await child.exit;
    site.memory.freeRow(row);
    expect(takeAll()).toEqual([true, true, true]);
    expect(takeAll()).toEqual([false, false, false]);
  },
  TIMEOUT,
);
