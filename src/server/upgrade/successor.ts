import type { LinuxCalls, Platform, Process, ProcessExit, Processes } from "../../platform/types.ts";
import type { HealthRecord } from "../../upstream/health/health_board.ts";
import type { Mover } from "../moving/moved_connection.ts";
import { PacketMover } from "../moving/packet_mover.ts";
import type { WeirNumbers } from "../numbers/weir_numbers.ts";
import { Channel, type ChannelHandler } from "../processes/channel.ts";
import { passDescriptors } from "../processes/pass_descriptors.ts";
import { type HeldSocket, nameOf } from "../sockets/held_socket.ts";
import { type PredecessorMessage, type SuccessorMessage, UPGRADE_VARIABLE, UPGRADE_VERSION } from "./upgrade_message.ts";

export interface SuccessorSpec {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Further descriptors, which become those from `FIRST_FREE_FD` on. */
  readonly descriptors: readonly number[];
  readonly sockets: readonly HeldSocket[];
  /** The control socket in force; null: there is none. */
  readonly control: { readonly path: string; readonly fd: number } | null;
  readonly generation: number;
  readonly health: readonly HealthRecord[];
  readonly numbers: WeirNumbers;
  /** Milliseconds from the start to being ready. */
  readonly timeoutMs: number;
  /** It was ready, and has ended. */
  readonly onEnd: (pid: number, how: ProcessExit) => void;
}

/** The new process, or why there is none. */
export type Succession = { readonly pid: number; readonly mover: Mover } | { readonly failure: string };

export interface SuccessorHost {
  readonly platform: Platform;
  readonly linux: LinuxCalls;
  readonly processes: Processes;
}

/**
 * Another process of weir that is to go on in this one's place. It gets the listening sockets themselves, so that no connection in their
 * queues is lost.
 *
 *   starting ──ready──▶ ready          (this process may drain)
 *      └──failed, exit, timeout, cancel──▶ gone   (killed; this process serves on)
 */
export class Successor implements ChannelHandler<SuccessorMessage> {
  /** The new process's number, or why there is none. Never rejects. */
  readonly result: Promise<Succession>;
  /** Gives it connections, once it is ready. */
  readonly mover: Mover;
  readonly #settle: (r: Succession) => void;
  readonly #process: Process;
  readonly #channel: Channel<SuccessorMessage, PredecessorMessage>;
  readonly #numbers: ReturnType<WeirNumbers["handOver"]>;
  #over = false;
  #ready = false;

  /** Throws a ProxyError when the system has no descriptors left. */
  constructor(host: SuccessorHost, spec: SuccessorSpec) {
    const { platform, linux, processes } = host;
    let settle = (_: Succession): void => {};
    this.result = new Promise((resolve) => {
      settle = resolve;
    });
    this.#settle = settle;
    const [stream, streamThere] = linux.socketPair();
    const [packets, packetsThere] = linux.packetPair();
    const { control } = spec;
    const numbers = spec.numbers.handOver((news) => this.#channel.send(news));
    this.#numbers = numbers;
    const fds = [...spec.sockets.map((s) => s.fd), ...(control === null ? [] : [control.fd]), ...numbers.fds];
    // Before there is anybody who could go away.
    passDescriptors(linux, packets, fds);
    this.mover = new PacketMover({
      platform,
      linux,
      packets,
      gone: false,
      tell: (connections) => this.#channel.send({ kind: "connections", connections }),
    });
    this.#process = processes.spawn(
      {
        command: spec.command,
        args: spec.args,
        env: { ...spec.env, [UPGRADE_VARIABLE]: String(UPGRADE_VERSION) },
        stdin: "inherit",
        stdout: "inherit",
        stderr: "inherit",
        descriptors: [streamThere, packetsThere, ...spec.descriptors],
      },
      { onExit: (how) => (this.#ready ? spec.onEnd(this.#process.pid, how) : this.#exited(how)) },
    );
    linux.closeDescriptor(streamThere);
    linux.closeDescriptor(packetsThere);
    let channel: Channel<SuccessorMessage, PredecessorMessage> | null = null;
    platform.adopt(stream, { accepted: false }, (conn) => {
      channel = new Channel(conn, this);
      return channel;
    });
    this.#channel = channel!;
    this.#channel.send({
      kind: "take",
      version: UPGRADE_VERSION,
      pid: processes.pid,
      sockets: spec.sockets.map(nameOf),
      control: control?.path ?? null,
      generation: spec.generation,
      health: spec.health,
      numbers: numbers.estate,
    });
    numbers.begin();
    const timer = platform.setTimer(spec.timeoutMs, () => this.cancel(`not ready after ${spec.timeoutMs / 1000} s`), true);
    void this.result.then(() => timer.cancel());
  }

  /** It is ready, and nobody reads datagrams here any more. */
  release(): void {
    this.#channel.send({ kind: "yours" });
  }

  /** It is not wanted any more: it is killed, unless it is ready already. */
  cancel(reason: string): void {
    this.#fail(reason);
  }

  onMessage(m: SuccessorMessage): void {
    if (m.kind === "failed") this.#fail(m.reason);
    else if (!this.#over) {
      // The channel stays: it tells what happens to processes that count.
      this.#over = true;
      this.#ready = true;
      this.#settle({ pid: m.pid, mover: this.mover });
    }
  }

  onClose(): void {
    // The exit, which follows, tells more.
    this.#numbers.close();
  }

  #exited({ code, signal, failed }: ProcessExit): void {
    this.#fail(
      failed !== null ? failed.message : signal !== null ? `it was ended by ${signal}` : `it ended with exit code ${code}`,
    );
  }

  #fail(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#numbers.close();
    this.#process.kill("SIGKILL");
    this.#channel.destroy();
    this.#settle({ failure: reason });
  }
}
