import type { LinuxCalls, Platform } from "../../platform/types.ts";
import type { HealthRecord } from "../../upstream/health/health_board.ts";
import type { MovedConnection } from "../moving/moved_connection.ts";
import { movedHere } from "../moving/packet_mover.ts";
import type { NumbersEstate, NumbersNews } from "../numbers/weir_numbers.ts";
import { Channel } from "../processes/channel.ts";
import { takeDescriptors } from "../processes/pass_descriptors.ts";
import type { HeldSocket } from "../sockets/held_socket.ts";
import {
  CHANNEL_FD,
  PACKETS_FD,
  type PredecessorMessage,
  type SuccessorMessage,
  type TakeMessage,
  UPGRADE_VARIABLE,
  UPGRADE_VERSION,
} from "./upgrade_message.ts";

/** What a process goes on with in the place of another one, which waits to hear whether it can. */
export interface Inheritance {
  readonly sockets: readonly HeldSocket[];
  readonly control: HeldSocket | null;
  readonly generation: number;
  readonly health: readonly HealthRecord[];
  readonly numbers: NumbersEstate;
  readonly numbersFds: readonly number[];
  /** Told what happens to the predecessor's processes, from the beginning on. */
  follow(hear: (n: NumbersNews) => void, gone: () => void): void;
  /** Told of connections that the predecessor gives up, once this process is ready. */
  adopt(take: (moved: readonly MovedConnection[]) => void): void;
  /** Resolves when the predecessor reads no datagrams any more. */
  readonly released: Promise<void>;
  /** Resolves when the predecessor has ended. */
  readonly ended: Promise<void>;
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
  const stream = linux.takeInherited(CHANNEL_FD);
  const packets = linux.takeInherited(PACKETS_FD);
  if (stream === null || packets === null)
    throw new Error(`${UPGRADE_VARIABLE} is set, and the descriptors that belong to it are not open`);
  return await new Promise((resolve, reject) => {
    const timer = platform.setTimer(TAKE_MS, () => reject(new Error("the old process does not say what to take")), true);
    const news = new News();
    let release = (): void => {};
    const released = new Promise<void>((done) => {
      release = done;
    });
    platform.adopt(stream, { accepted: false }, (conn) => {
      const channel: Channel<PredecessorMessage, SuccessorMessage> = new Channel(conn, {
        onMessage: (m) => {
          if (m.kind === "connections") {
            news.adopt?.(movedHere(takeDescriptors(linux, packets, m.connections.length), m.connections));
            return;
          }
          if (m.kind === "yours") {
            release();
            return;
          }
          if (m.kind !== "take") {
            news.add(m);
            return;
          }
          timer.cancel();
          if (m.version === UPGRADE_VERSION) {
            resolve(taken({ platform, linux, packets, pid: processes.pid, released }, channel, m, news));
          } else reject(new Error(`the old process upgrades by version ${m.version}, this one by ${UPGRADE_VERSION}`));
        },
        onClose: () => {
          timer.cancel();
          reject(new Error("the old process went away"));
          news.end();
          release();
        },
      });
      return channel;
    });
  });
}

/** News until somebody hears them. */
class News {
  #waiting: NumbersNews[] = [];
  /** Nothing more comes. */
  readonly ended: Promise<void>;
  adopt: ((moved: readonly MovedConnection[]) => void) | null = null;
  #end: () => void = () => {};
  #hear: ((n: NumbersNews) => void) | null = null;

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  add(n: NumbersNews): void {
    if (this.#hear === null) this.#waiting.push(n);
    else this.#hear(n);
  }

  end(): void {
    this.#end();
  }

  follow(hear: (n: NumbersNews) => void, gone: () => void): void {
    this.#hear = hear;
    for (const n of this.#waiting.splice(0)) hear(n);
    void this.ended.then(gone);
  }
}

interface Place {
  readonly platform: Platform;
  readonly linux: LinuxCalls;
  readonly packets: number;
  readonly pid: number;
  readonly released: Promise<void>;
}

function taken(
  { platform, linux, packets, pid, released }: Place,
  channel: Channel<PredecessorMessage, SuccessorMessage>,
  m: TakeMessage,
  news: News,
): Inheritance {
  const { sockets, control, numbers, generation, health = [] } = m;
  const own = sockets.length + (control === null ? 0 : 1);
  const fds = takeDescriptors(linux, packets, own + numbers.members.length);
  let told = false;
  return {
    sockets: sockets.map((s, i) => ({ ...s, fd: fds[i]! })),
    control: control === null ? null : { listener: "", bind: { kind: "unix", path: control }, fd: fds[own - 1]! },
    generation,
    health,
    numbers,
    numbersFds: fds.slice(own),
    released,
    ended: news.ended,
    adopt: (take) => {
      news.adopt = take;
    },
    follow: (hear, gone) => news.follow(hear, gone),
    ready: () => {
      told = true;
      channel.send({ kind: "ready", pid });
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
