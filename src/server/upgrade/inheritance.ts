import type { LinuxCalls, Platform } from "../../platform/types.ts";
import { Channel } from "../processes/channel.ts";
import { takeDescriptors } from "../processes/pass_descriptors.ts";
import type { HeldSocket } from "../sockets/held_socket.ts";
import {
  CHANNEL_FD,
  PACKETS_FD,
  type SuccessorMessage,
  type TakeMessage,
  UPGRADE_VARIABLE,
  UPGRADE_VERSION,
} from "./upgrade_message.ts";

/** What a process goes on with in the place of another one, which waits to hear whether it can. */
export interface Inheritance {
  readonly sockets: readonly HeldSocket[];
  readonly control: HeldSocket | null;
  /** All is in force and accepts: the predecessor goes. */
  ready(): void;
  /** Resolves when the predecessor has been told; it serves on. What it was told first counts. */
  failed(reason: string): Promise<void>;
}

/** Milliseconds in which the predecessor has to say what there is: it has said it before it is asked. */
const TAKE_MS = 10_000;
/** … and in which it has to read why nothing comes of this process. */
const TELL_MS = 1_000;

/** Whether this process was started for an upgrade. */
export function isSuccessor(env: Readonly<Record<string, string | undefined>>): boolean {
  return env[UPGRADE_VARIABLE] !== undefined;
}

/**
 * What the process that started this one for an upgrade hands on. The variable is taken out of `env`, so that no child of this process
 * takes it for its own. Rejects with the reason when the two don't understand each other.
 */
export async function inherit(platform: Platform, env: Record<string, string | undefined>): Promise<Inheritance> {
  delete env[UPGRADE_VARIABLE];
  const { linux, processes } = platform;
  if (linux === null || processes === null) throw new Error(`${UPGRADE_VARIABLE} is set, and this system can't upgrade`);
  for (const fd of [CHANNEL_FD, PACKETS_FD])
    if (!linux.setCloseOnExec(fd)) throw new Error(`${UPGRADE_VARIABLE} is set, and descriptor ${fd} is not open`);
  return await new Promise((resolve, reject) => {
    const timer = platform.setTimer(TAKE_MS, () => reject(new Error("the old process does not say what to take")), true);
    platform.adopt(CHANNEL_FD, { accepted: false }, (conn) => {
      const channel: Channel<TakeMessage, SuccessorMessage> = new Channel(conn, {
        onMessage: (m) => {
          timer.cancel();
          if (m.version === UPGRADE_VERSION) resolve(taken(platform, linux, channel, m, processes.pid));
          else reject(new Error(`the old process upgrades by version ${m.version}, this one by ${UPGRADE_VERSION}`));
        },
        onClose: () => {
          timer.cancel();
          reject(new Error("the old process went away"));
        },
      });
      return channel;
    });
  });
}

function taken(
  platform: Platform,
  linux: LinuxCalls,
  channel: Channel<TakeMessage, SuccessorMessage>,
  m: TakeMessage,
  pid: number,
): Inheritance {
  const fds = takeDescriptors(linux, PACKETS_FD, m.sockets.length + (m.control === null ? 0 : 1));
  linux.closeDescriptor(PACKETS_FD);
  let told = false;
  return {
    sockets: m.sockets.map(({ listener, bind }, i) => ({ listener, bind, fd: fds[i]! })),
    control: m.control === null ? null : { listener: "", bind: { kind: "unix", path: m.control }, fd: fds[fds.length - 1]! },
    ready: () => {
      told = true;
      channel.send({ kind: "ready", pid });
      channel.end();
    },
    failed: (reason) =>
      new Promise((resolve) => {
        if (told) {
          resolve();
          return;
        }
        told = true;
        platform.setTimer(TELL_MS, resolve, true);
        channel.send({ kind: "failed", reason }, resolve);
      }),
  };
}
