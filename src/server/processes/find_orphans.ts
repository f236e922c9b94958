import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { latin1 } from "../../base/bytes.ts";
import type { DialHandler, LinuxCalls, Platform } from "../../platform/types.ts";
import type { HeldSocket, NamedSocket } from "../sockets/held_socket.ts";
import { ORPHAN_DRAIN, ORPHAN_TAKE, orphanPrefix } from "./orphan_post.ts";

/** Workers that serve on without a supervisor, found beside a control socket. */
export interface Orphans {
  readonly sockets: readonly HeldSocket[];
  /** The new weir serves: they may go. */
  drain(): void;
}

const POLL_MS = 5;
const ANSWER_MS = 2_000;

/** Takes the listening sockets of all workers that a weir with this control socket has left behind; null: there are none. */
export async function findOrphans(platform: Platform, controlPath: string): Promise<Orphans | null> {
  const { linux } = platform;
  if (linux === null) return null;
  const prefix = basename(orphanPrefix(controlPath));
  const directory = dirname(controlPath);
  const names = await readdir(directory).catch(() => []);
  const paths = names.filter((n) => n.startsWith(prefix)).map((n) => join(directory, n));
  const sockets: HeldSocket[] = [];
  const alive: string[] = [];
  for (const path of paths) {
    const given = await take(platform, linux, path);
    if (given === null) await linux.clearStalePath(path);
    else {
      sockets.push(...given);
      alive.push(path);
    }
  }
  if (alive.length === 0) return null;
  return {
    sockets,
    drain: () => {
      for (const path of alive)
        void ask(platform, linux, path, ORPHAN_DRAIN).then((fd) => fd !== null && linux.closeDescriptor(fd));
    },
  };
}

async function take(platform: Platform, linux: LinuxCalls, path: string): Promise<HeldSocket[] | null> {
  const fd = await ask(platform, linux, path, ORPHAN_TAKE);
  if (fd === null) return null;
  const sockets: HeldSocket[] = [];
  const end = platform.now() + ANSWER_MS;
  let left = 1;
  while (left > 0 && platform.now() < end) {
    const message = linux.receiveDescriptors(fd);
    if (message === null) {
      await new Promise<void>((resolve) => platform.setTimer(POLL_MS, resolve, true));
      continue;
    }
    const told = JSON.parse(latin1(message.tag, 0, message.tag.length)) as { sockets: NamedSocket[]; left: number };
    for (const [i, s] of told.sockets.entries()) sockets.push({ ...s, fd: message.fds[i]! });
    left = told.left;
  }
  linux.closeDescriptor(fd);
  return sockets;
}

/** Asks, and gives the end on which the answer comes; null: nobody is there. */
function ask(platform: Platform, linux: LinuxCalls, path: string, what: number): Promise<number | null> {
  return new Promise((resolve) => {
    const handler: DialHandler = {
      onOpen: (conn) => {
        const end = conn.detach();
        if (end === null) {
          conn.destroy(null);
          resolve(null);
          return;
        }
        // A descriptor has to go along; the other side's reader drops it.
        linux.sendDescriptors(end.fd, [end.fd], Uint8Array.of(what));
        resolve(end.fd);
      },
      onData() {},
      onDrain() {},
      onEnd() {},
      onClose: () => resolve(null),
    };
    platform.dial({ kind: "unix", path }, {}, handler);
  });
}
