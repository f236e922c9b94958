// Started by child.ts with an adapter and a role: the other process of a case. Its passed descriptors begin at 3.
import { readdirSync, readlinkSync } from "node:fs";
import process from "node:process";
import type { Conn, ConnHandler, Platform } from "../../../src/platform/types.ts";

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
  orphan: (p) => {
    const willTell = p.linux!.dieWithParent(SIGTERM, process.ppid);
    p.setTimer(60_000, () => {}, true);
    tell({ pid: process.pid, willTell, otherwise: p.linux!.dieWithParent(SIGTERM, 1) });
  },
  /** Starts this program again. */
  again: (p) => {
    const { command, args } = p.processes!.selfCommand([adapter!, "arguments", "a b", "--flag", ""]);
    const env = process.env as Record<string, string>;
    p.processes!.spawn(
      { command, args, env, stdin: "inherit", stdout: "inherit", stderr: "inherit" },
      { onExit: () => process.exit(0) },
    );
  },
  arguments: () => tell(process.argv.slice(2)),
  wait: (p) => {
    p.setTimer(60_000, () => {}, true);
    tell({ pid: process.pid });
  },
};

function echoing(c: Conn): ConnHandler {
  return { onData: (b) => void c.write([b]), onDrain: () => {}, onEnd: () => c.end(), onClose: () => {} };
}

process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
await roles[role!]!(await createPlatform());
