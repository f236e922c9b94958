// Started by child.ts with an adapter and a role: the other process of a case. Its passed descriptors begin at 3.
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from "node:fs";
import process from "node:process";
import type { Address, Conn, ConnHandler, DialOptions, Platform } from "../../../src/platform/types.ts";

import { fileOf, isCloseOnExec } from "./descriptor_facts.ts";

const [adapter, role] = process.argv.slice(2);
const FIRST = 3;
const SECOND = 4;
const SIGTERM = 15;

async function createPlatform(): Promise<Platform> {
  if (adapter === "bun.ts") return (await import("../../../src/platform/bun.ts")).createBunPlatform();
  const { createNodePlatform } = await import("../../../src/platform/node.ts");
  return createNodePlatform("Deno" in globalThis ? "deno" : "bun", { handles: adapter === "handles" });
}

/** Answers each chunk with this process's number before it. */
function named(c: Conn): ConnHandler {
  return {
    onData: (b) => void c.write([new TextEncoder().encode(`${process.pid}:`), b]),
    onDrain: () => {},
    onEnd: () => c.end(),
    onClose: () => {},
  };
}

function tell(fact: unknown): void {
  process.stdout.write(`${JSON.stringify(fact)}\n`);
}

/** What is open here above the first three. Whether it goes to children tells nothing: Bun takes that from all when it starts. */
function openDescriptors(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      if (Number(fd) >= FIRST) found[fd] = readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      // It was the directory's own.
    }
  }
  return found;
}

const roles: Readonly<Record<string, (p: Platform) => unknown>> = {
  facts: () => tell({ env: process.env, cwd: process.cwd(), descriptors: openDescriptors(), pid: process.pid }),
  /** Serves on a listening socket. */
  serve: async (p) => {
    const listener = await p.listen({ fd: FIRST }, {}, named);
    tell({ address: listener.address });
  },
  /** Takes its descriptors over, and opens files that get their numbers. */
  inherit: (p) => {
    const sockets = [FIRST, SECOND].map((fd) => fileOf(fd));
    const taken = [FIRST, SECOND].map((fd) => p.linux!.takeInherited(fd)!);
    const files = [FIRST, SECOND, 0].map(() => openSync(process.argv[1]!, "r"));
    const before = openDescriptors();
    for (const fd of files) closeSync(fd);
    const again = openSync(process.argv[1]!, "r");
    const after = openDescriptors();
    const held = (all: Record<string, string>): number[] => sockets.map((s) => Object.values(all).filter((f) => f === s).length);
    tell({
      same: taken.map((fd, i) => fileOf(fd) === sockets[i] && isCloseOnExec(fd)),
      held: [held(before), held(after)],
      readable: readSync(again, new Uint8Array(8)),
      missing: p.linux!.takeInherited(0x3fffffff),
    });
  },
  /** Adds to shared memory as often as the first number there says. */
  add: (p) => {
    const slots = new Int32Array(p.linux!.mapShared(FIRST));
    for (let i = 0, n = slots[0]!; i < n; i++) Atomics.add(slots, 1, 1);
    tell({ bytes: slots.byteLength });
    process.exit(0);
  },
  /** Takes over the connection that comes with each byte on the channel. */
  take: (p) => {
    const channel = p.adopt(FIRST, { accepted: false }, () => ({
      onData: (b) => {
        for (let i = 0; i < b.length; i++) {
          const { fds, tag } = p.linux!.receiveDescriptors(SECOND)!;
          p.adopt(fds[0]!, { accepted: true, unread: tag.subarray(1) }, echoing);
        }
      },
      onDrain: () => {},
      onEnd: () => process.exit(0),
      onClose: () => process.exit(0),
    }));
    channel.write([Uint8Array.of(1)]);
  },
  /** Starts another that wants to end with it. */
  parent: (p) => {
    const command = [...process.execArgv, ...("Deno" in globalThis ? ["run", "-A", "--no-check"] : []), process.argv[1]!];
    p.processes!.spawn(
      {
        command: process.execPath,
        args: [...command, adapter!, "orphan"],
        env: process.env as Record<string, string>,
        stdin: "inherit",
        stdout: "inherit",
        stderr: "inherit",
      },
      { onExit: () => {} },
    );
  },
  /** Starts one that ends by no other signal, and not at the end of its input. */
  owner: (p) => {
    const { pid } = p.processes!.spawn(
      {
        command: "sh",
        args: ["-c", "trap '' HUP INT TERM; exec sleep 60"],
        env: { PATH: process.env["PATH"]! },
        stdin: "pipe",
        stdout: "inherit",
        stderr: "inherit",
        owned: true,
      },
      { onExit: () => {} },
    );
    // It asks to end with its parent before it becomes what it is to be.
    const look = (): void => {
      if (readFileSync(`/proc/${pid}/comm`, "latin1") === "sleep\n") tell({ pid });
      else p.setTimer(5, look, true);
    };
    look();
  },
  orphan: (p) => {
    const willTell = p.linux!.dieWithParent(SIGTERM, process.ppid);
    p.setTimer(60_000, () => {}, true);
    tell({ pid: process.pid, willTell, otherwise: p.linux!.dieWithParent(SIGTERM, 1) });
  },
  /** Starts this program again. */
  again: (p) => {
    const { command, args } = p.processes!.selfCommand([adapter!, "arguments", "a b", "--flag", ""], "running");
    const env = process.env as Record<string, string>;
    p.processes!.spawn(
      { command, args, env, stdin: "inherit", stdout: "inherit", stderr: "inherit" },
      { onExit: () => process.exit(0) },
    );
  },
  arguments: () => tell(process.argv.slice(2)),
  /** In a network of its own, whose firewall redirects two addresses to port 9999 and routes a third back here. */
  redirected: async (p) => {
    const told: unknown[] = [];
    const listener = await p.listen({ kind: "tcp", host: "", port: 9999 }, {}, (c) => {
      told.push([p.linux!.originalDestination(c), c.info.remote.kind === "tcp" ? c.info.remote.host : ""]);
      return echoing(c);
    });
    const dials: readonly [host: string, port: number, o: DialOptions][] = [
      ["10.5.5.5", 8080, {}],
      ["fd00::5", 8080, {}],
      ["127.0.0.1", 9999, {}],
      ["::1", 9999, {}],
      ["127.0.0.1", 9999, { source: "10.9.9.9", transparent: true }],
      ["127.0.0.1", 9999, { mark: 7 }],
      ["127.0.0.1", 9999, { mark: 7, first: Uint8Array.of(5, 6) }],
      ["127.0.0.1", 9999, { source: "10.9.9.9", mark: 7 }],
      ["127.0.0.1", 9998, { mark: 7 }],
    ];
    for (const [host, port, o] of dials) {
      const failed = await roundTrip(p, { kind: "tcp", host, port }, o);
      if (failed !== null) told.push(failed);
    }
    await listener.close();
    tell(told);
  },
  wait: (p) => {
    p.setTimer(60_000, () => {}, true);
    tell({ pid: process.pid });
  },
};

/** Null: an echo of all came back, what was to be sent first before the rest; else what the dial failed with. */
function roundTrip(p: Platform, to: Address, o: DialOptions): Promise<string | null> {
  return new Promise((resolve) => {
    let conn: Conn | null = null;
    const sent = [...(o.first ?? []), 1];
    const got: number[] = [];
    p.dial(to, o, {
      onOpen: (c) => {
        conn = c;
        c.write([Uint8Array.of(1)]);
      },
      onData: (b) => {
        got.push(...b);
        if (got.length < sent.length) return;
        conn?.destroy(null);
        resolve(got.join() === sent.join() ? null : got.join());
      },
      onDrain: () => {},
      onEnd: () => {},
      onClose: (e) => resolve(e === null ? "closed" : e.facts.code),
    });
  });
}

function echoing(c: Conn): ConnHandler {
  return { onData: (b) => void c.write([b]), onDrain: () => {}, onEnd: () => c.end(), onClose: () => {} };
}

process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
await roles[role!]!(await createPlatform());
