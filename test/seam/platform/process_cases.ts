import { expect } from "bun:test";
import { closeSync, mkdtempSync, openSync, readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Platform } from "../../../src/platform/types.ts";
import { Child, startRole } from "./child.ts";
import type { Case } from "./subject.ts";

function shell(p: Platform, script: string): Child {
  return new Child(p, { command: "/bin/sh", args: ["-c", script], stdin: "ignore" });
}

interface Facts {
  readonly env: Record<string, string>;
  readonly cwd: string;
  readonly descriptors: Record<string, string>;
  readonly pid: number;
}

/** Children that any runtime can have, and what is told of processes. */
export const processCases: readonly Case[] = [
  [
    "a child's end is told with its code or its signal, and what it wrote",
    async ({ p }) => {
      const good = shell(p, "echo out; echo err >&2; exit 7");
      expect(await good.exit).toEqual({ code: 7, signal: null, failed: null });
      await good.closed;
      expect(good.errors).toBe("err\n");
      const killed = shell(p, "kill -9 $$");
      expect(await killed.exit).toEqual({ code: null, signal: "SIGKILL", failed: null });
      expect(killed.process.kill("SIGTERM")).toBe(false);
      expect(killed.process.write(Uint8Array.of(1))).toBe(false);
    },
  ],
  [
    "a child gets what is written to its stdin, and its end",
    async ({ p }) => {
      const child = new Child(p, { command: "cat", args: [] });
      expect(child.process.pid).toBeGreaterThan(0);
      expect(child.process.write(new TextEncoder().encode('{"n":1}\n'))).toBe(true);
      expect(await child.told<{ n: number }>()).toEqual({ n: 1 });
      await child.end();
      expect(await child.exit).toEqual({ code: 0, signal: null, failed: null });
    },
  ],
  [
    "a child that can't be started is told as such, later",
    async ({ p }) => {
      for (const command of ["/nonexistent/weir", tmpdir(), "weir\0"]) {
        const child = new Child(p, { command, args: [] });
        expect(child.process.pid).toBe(0);
        const { code, signal, failed } = await child.exit;
        expect([code, signal, failed?.facts.code]).toEqual([null, null, "internal"]);
        await child.closed;
        expect(child.process.kill("SIGTERM")).toBe(false);
      }
    },
  ],
  [
    "a child that is owned leads a group, which gets its signals and ends with it",
    async ({ p }) => {
      const owned = (script: string): Child =>
        new Child(p, { command: "/bin/sh", args: ["-c", script], stdin: "ignore", owned: true });
      // Those that it has started hold the pipe as long as they live.
      const told = owned("trap 'exit 5' TERM; (trap 'echo 2; exit' TERM; echo 1; while :; do sleep 0.05; done) & wait");
      expect(await told.told<number>()).toBe(1);
      expect(told.process.kill("SIGTERM")).toBe(true);
      expect(await told.exit).toEqual({ code: 5, signal: null, failed: null });
      await told.closed;
      const killed = owned("sleep 60 & echo 1; wait");
      expect(await killed.told<number>()).toBe(1);
      expect(killed.process.kill("SIGKILL")).toBe(true);
      expect((await killed.exit).signal).toBe("SIGKILL");
      await killed.closed;
      const ended = owned("sleep 60 & exit 3");
      expect((await ended.exit).code).toBe(3);
      await ended.closed;
      expect(ended.process.kill("SIGKILL")).toBe(false);
      const { failed } = await new Child(p, { command: "none-of-that-name", args: [], owned: true }).exit;
      expect(failed?.message).toContain("none-of-that-name");
    },
  ],
  [
    "memory and time of processes and usable cores are told",
    async ({ p }) => {
      expect(p.processes!.residentOf(process.pid)).toBeGreaterThan(1024 * 1024);
      expect(p.processes!.residentOf(0x3fffffff)).toBe(null);
      const used = p.processes!.cpuSecondsOf(process.pid)!;
      expect(used).toBeGreaterThan(0);
      expect(used).toBeLessThanOrEqual((process.cpuUsage().user + process.cpuUsage().system) / 1e6 + 0.02);
      expect(p.processes!.cpuSecondsOf(0x3fffffff)).toBe(null);
      expect(p.processes!.pid).toBe(process.pid);
      expect(p.processes!.cpuCount()).toBeGreaterThanOrEqual(1);
    },
  ],
];

/** Those whose child is Weir's platform again. */
export const childCases: readonly Case[] = [
  [
    "a child has the environment and the directory that it is given, and no other",
    async ({ p, adapter }) => {
      const dir = realpathSync(mkdtempSync(join(tmpdir(), "weir-child-")));
      // Deno puts a `node` of its own into the PATH of a program with a package.json, unless told not to.
      const env = { ONE: "1", TWO: "a b=c", DENO_DISABLE_NODE_SHIM: "1" };
      const child = startRole(p, adapter, "facts", { env, cwd: dir });
      const told = await child.told<Facts>();
      expect(told.env).toEqual(env);
      expect([told.cwd, told.pid]).toEqual([dir, child.process.pid]);
      await child.end();
      rmSync(dir, { recursive: true });
    },
  ],
  [
    "a child that is detached has a process group of its own",
    async ({ p, adapter }) => {
      const groupOf = (pid: number): number => Number(readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ")[2]);
      for (const detached of [false, true]) {
        const child = startRole(p, adapter, "wait", { detached });
        const { pid } = await child.told<{ pid: number }>();
        expect(groupOf(pid)).toBe(detached ? pid : groupOf(process.pid));
        await child.end();
      }
    },
  ],
  [
    "a child gets one signal after the other, and its end is told as it was",
    async ({ p }) => {
      const child = shell(p, `trap 'echo 1' HUP; trap 'echo 2' USR1; trap 'exit 3' TERM; echo 0; while :; do sleep 0.05; done`);
      expect(await child.told<number>()).toBe(0);
      expect(child.process.kill("SIGHUP")).toBe(true);
      expect(await child.told<number>()).toBe(1);
      expect(child.process.kill("SIGUSR1")).toBe(true);
      expect(await child.told<number>()).toBe(2);
      expect(child.process.kill("SIGTERM")).toBe(true);
      expect(await child.exit).toEqual({ code: 3, signal: null, failed: null });
    },
  ],
  [
    "a child can be stopped, continued and ended by signals",
    async ({ p, adapter }) => {
      const child = startRole(p, adapter, "wait");
      const { pid } = await child.told<{ pid: number }>();
      expect(p.processes!.signal(pid, "SIGSTOP")).toBe(true);
      expect(p.processes!.signal(pid, "SIGCONT")).toBe(true);
      expect(child.process.kill("SIGTERM")).toBe(true);
      expect(await child.exit).toEqual({ code: null, signal: "SIGTERM", failed: null });
      for (const none of [0, -1, 1.5, Number.NaN, 0x3fffffff]) expect(p.processes!.signal(none, "SIGTERM")).toBe(false);
    },
  ],
  [
    "descriptors become 3 and on in their order, whatever their numbers, and nothing else is inherited",
    async ({ p, adapter }) => {
      const dir = mkdtempSync(join(tmpdir(), "weir-descriptors-"));
      const files = ["a", "b", "c", "d", "e", "f"].map((n) => join(dir, n));
      const open = files.map((f) => openSync(f, "w"));
      // Numbers from 3 on may be the runtime's own; to stand at one that another goes to is what has to be tried.
      for (const wanted of [open, [...open].reverse(), [open[1]!, open[0]!, open[0]!]]) {
        const child = startRole(p, adapter, "facts", { descriptors: wanted });
        const expected = Object.fromEntries(wanted.map((fd, i) => [String(3 + i), files[open.indexOf(fd)]]));
        const { descriptors } = await child.told<Facts>();
        for (const [n, path] of Object.entries(expected)) expect(descriptors[n]).toBe(path!);
        const own = Object.values(descriptors).filter((path) => path.startsWith(dir));
        expect(own.length).toBe(wanted.length);
        await child.end();
      }
      for (const fd of open) closeSync(fd);
      rmSync(dir, { recursive: true });
    },
  ],
  [
    "descriptors that stand where others go are not mixed up",
    async ({ p }) => {
      const dir = mkdtempSync(join(tmpdir(), "weir-crossed-"));
      const { linux } = p;
      const one = linux!.makeListener({ kind: "unix", path: join(dir, "one") }, {});
      const two = linux!.makeListener({ kind: "unix", path: join(dir, "two") }, {});
      const target = (fd: number): string => readlinkSync(`/proc/self/fd/${fd}`);
      // So many that their own numbers stand among those that they become. Never others': Deno's children make what they get blocking,
      // for everybody who has it, and the runner's own channels would wait for ever.
      const own: number[] = [];
      while (own.length < 1000 && !own.some((fd) => fd < 3 + own.length))
        own.push(linux!.duplicate(own.length % 2 === 0 ? one : two));
      own.push(linux!.duplicate(one), linux!.duplicate(two));
      expect(own.some((fd) => fd < 3 + own.length)).toBe(true);
      for (const wanted of [[...own].reverse(), [two, ...own, one]]) {
        const names = wanted.map((_, i) => `readlink /proc/self/fd/${3 + i}`).join("; ");
        const child = new Child(p, {
          command: "/bin/sh",
          args: ["-c", `exec 2>&1; ${names}`],
          stdin: "ignore",
          descriptors: wanted,
        });
        await child.closed;
        expect(child.lines()).toEqual(wanted.map(target));
      }
      for (const fd of [one, two, ...own]) linux!.closeDescriptor(fd);
      rmSync(dir, { recursive: true });
    },
  ],
  [
    "this program can be started again with other arguments",
    async ({ p, adapter }) => {
      const child = startRole(p, adapter, "again");
      expect(await child.told<string[]>()).toEqual([adapter, "arguments", "a b", "--flag", ""]);
      await child.end();
    },
  ],
  [
    "a child that is owned is killed when its parent is, where the system has what that takes",
    async ({ p, adapter }) => {
      const child = startRole(p, adapter, "owner");
      const { pid } = await child.told<{ pid: number }>();
      child.process.kill("SIGKILL");
      expect((await child.exit).signal).toBe("SIGKILL");
      if (!p.processes!.endsOwned) p.processes!.signal(pid, "SIGKILL");
      // It holds the pipe as long as it lives.
      await child.closed;
    },
  ],
  [
    "a process can ask to end with its parent",
    async ({ p, adapter }) => {
      const child = startRole(p, adapter, "parent");
      const { willTell, otherwise } = await child.told<{ pid: number; willTell: boolean; otherwise: boolean }>();
      expect([willTell, otherwise]).toEqual([true, false]);
      child.process.kill("SIGKILL");
      expect((await child.exit).signal).toBe("SIGKILL");
      // The grandchild holds the pipe as long as it lives.
      await child.closed;
    },
  ],
];
