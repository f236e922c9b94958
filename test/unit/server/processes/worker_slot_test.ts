import { describe, expect, test } from "bun:test";
import { createMemoryPlatform } from "../../../../src/platform/memory.ts";
import type { Conn, ConnHandler, ProcessExit } from "../../../../src/platform/types.ts";
import { Channel } from "../../../../src/server/processes/channel.ts";
import type { WorkerHost, WorkerProcess } from "../../../../src/server/processes/worker_process.ts";
import { WorkerSlot } from "../../../../src/server/processes/worker_slot.ts";

/** A worker's process, as a test has it: what it was told, and its end. */
interface FakeWorker {
  readonly pid: number;
  readonly told: unknown[];
  /** It says that it can be told what to do. */
  starts(): void;
  exits(signal?: string): void;
}

/** A connection at whose other end a handler is. */
function wireTo(handler: ConnHandler): Conn {
  const write = (parts: readonly Uint8Array[]): boolean => {
    for (const p of parts) handler.onData(p);
    return true;
  };
  return { write } as unknown as Conn;
}

/** One slot, whose processes a test makes up. The clock stands. */
class Scene {
  readonly platform = createMemoryPlatform();
  readonly workers: FakeWorker[] = [];
  readonly logged: string[] = [];
  readonly slot: WorkerSlot;
  /** Whether a process takes the config. */
  brings = true;
  /** Whether another process can be had. */
  spawns = true;
  readonly #handlers = new Map<number, ConnHandler>();
  readonly #killed: ((signal: string) => void)[] = [];

  constructor() {
    this.slot = new WorkerSlot(
      {
        worker: this.#host(),
        log: { log: (_level, event) => void this.logged.push(event) },
        bring: () => Promise.resolve(this.brings),
        goOn: () => {},
        onSpawn: () => {},
        onMoved: () => {},
        onPlugins: () => {},
        onRows: () => {},
        onGone: () => {},
        onChange: () => {},
      },
      0,
    );
  }

  get serving(): number | null {
    return this.slot.serving?.pid ?? null;
  }

  /** Numbers of those that live, those that drain included. */
  get living(): number[] {
    return this.slot.processes.map((p: WorkerProcess) => p.pid);
  }

  /** A slot whose first process serves. */
  async served(): Promise<this> {
    this.slot.start();
    this.workers[0]!.starts();
    await this.settled();
    return this;
  }

  settled(): Promise<void> {
    return this.platform.settled();
  }

  #host(): WorkerHost {
    let descriptor = 100;
    let handler: ConnHandler | null = null;
    let told: unknown[] = [];
    const linux = {
      socketPair: () => [descriptor++, descriptor++],
      packetPair: () => [descriptor++, descriptor++],
      sharedMemory: () => ({ fd: descriptor++ }),
      closeDescriptor: () => {},
    };
    const platform = Object.assign(this.platform, {
      adopt: (_fd: number, _o: unknown, accept: (c: Conn) => ConnHandler) => {
        const mine = told;
        const reader = new Channel<unknown, unknown>({} as Conn, { onMessage: (m) => void mine.push(m), onClose: () => {} });
        handler = accept(wireTo(reader));
        this.workers.push(this.#worker(this.workers.length + 1, mine, handler));
      },
    });
    const processes = {
      spawn: (_spec: unknown, { onExit }: { onExit(how: ProcessExit): void }) => {
        if (!this.spawns) throw new Error("no descriptors are left");
        told = [];
        let gone = false;
        const end = (signal: string): void => {
          if (gone) return;
          gone = true;
          handlers.get(pid)!.onClose(null);
          onExit({ code: null, signal, failed: null });
        };
        const pid = this.workers.length + 1;
        this.#killed[pid] = end;
        return { pid, kill: end };
      },
    };
    const handlers = this.#handlers;
    const counts = { fd: 99, takeRow: () => 0, freeRow: () => {} };
    return {
      platform,
      linux,
      processes,
      counts,
      command: { command: "weir", args: [] },
      env: {},
      numbersBytes: () => 0,
    } as never;
  }

  #worker(pid: number, told: unknown[], handler: ConnHandler): FakeWorker {
    this.#handlers.set(pid, handler);
    const says = new Channel<unknown, unknown>(wireTo(handler), { onMessage: () => {}, onClose: () => {} });
    return { pid, told, starts: () => says.send({ kind: "started" }), exits: (signal = "SIGKILL") => this.#killed[pid]!(signal) };
  }
}

describe("a place among the workers that is renewed", () => {
  test("is served by the successor, and the one before drains", async () => {
    const s = await new Scene().served();
    const renewed = s.slot.renew();
    await s.settled();
    expect([s.serving, s.living]).toEqual([1, [1, 2]]);
    s.workers[1]!.starts();
    await s.settled();
    expect(await renewed).toBe(true);
    expect(s.serving).toBe(2);
    expect(s.workers[0]!.told).toEqual([{ kind: "drain", delayMs: 0, patient: true, move: true }]);
    expect(s.workers[1]!.told).toEqual([]);
    s.workers[0]!.exits();
    await s.settled();
    expect([s.serving, s.living, s.slot.restarts, s.logged.includes("worker ended")]).toEqual([2, [2], 1, false]);
  });

  test("however short a time the one that serves has lived, where a mere replacement waits", async () => {
    const s = await new Scene().served();
    s.slot.replace();
    expect(s.living).toEqual([1]);
    void s.slot.renew();
    expect(s.living).toEqual([1, 2]);
  });

  for (const [what, fail] of [
    ["dies at its start", (s: Scene) => s.workers[1]!.exits()],
    [
      "does not take the config",
      (s: Scene) => {
        s.brings = false;
        s.workers[1]!.starts();
      },
    ],
  ] as const)
    test(`stays as it was when the successor ${what}`, async () => {
      const s = await new Scene().served();
      const renewed = s.slot.renew();
      fail(s);
      await s.settled();
      expect(await renewed).toBe(false);
      expect([s.serving, s.living, s.workers[0]!.told]).toEqual([1, [1], []]);
      // It can be asked for again.
      s.brings = true;
      const again = s.slot.renew();
      s.workers[2]!.starts();
      await s.settled();
      expect([await again, s.serving]).toEqual([true, 3]);
    });

  test("stays as it was when no process can be had", async () => {
    const s = await new Scene().served();
    s.spawns = false;
    expect(await s.slot.renew()).toBe(false);
    expect([s.serving, s.slot.restarts, s.logged.at(-1)]).toEqual([1, 0, "a worker can't be started"]);
  });

  test("is served by the successor, too, when the one before dies meanwhile", async () => {
    const s = await new Scene().served();
    const renewed = s.slot.renew();
    s.workers[0]!.exits();
    await s.settled();
    expect([s.serving, s.living]).toEqual([null, [2]]);
    s.workers[1]!.starts();
    await s.settled();
    expect([await renewed, s.serving]).toEqual([true, 2]);
  });

  test("is empty when both die, and tells so", async () => {
    const s = await new Scene().served();
    const renewed = s.slot.renew();
    s.workers[0]!.exits();
    s.workers[1]!.exits();
    await s.settled();
    expect([await renewed, s.serving]).toEqual([false, null]);
    await s.platform.advance(0);
    expect(s.living).toEqual([3]);
  });

  test("has nothing to do where none serves: the one to come is new", async () => {
    const s = new Scene();
    s.slot.start();
    expect(await s.slot.renew()).toBe(true);
    expect(s.living).toEqual([1]);
  });

  test("says no when weir ends, before and meanwhile", async () => {
    const s = await new Scene().served();
    const renewed = s.slot.renew();
    const ended = s.slot.end();
    expect(await s.slot.renew()).toBe(false);
    s.workers[1]!.starts();
    await s.settled();
    expect(s.serving).toBe(1);
    for (const w of s.workers) w.exits("SIGTERM");
    await s.settled();
    expect(await renewed).toBe(false);
    await ended;
    await s.platform.advance(60_000);
    expect([s.living, s.workers.length]).toEqual([[], 2]);
  });
});
