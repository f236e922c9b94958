import type { LinuxCalls, Platform } from "../../platform/types.ts";
import type { MovedConnection, Mover, NamedConnection } from "./moved_connection.ts";

export interface PacketMoverHost {
  readonly platform: Pick<Platform, "setTimer">;
  readonly linux: LinuxCalls;
  /** The packet socket to the other process. */
  readonly packets: number;
  /** Tells the other process what the descriptors are, which were sent before. */
  tell(connections: readonly NamedConnection[]): void;
  /** The other process is gone. */
  readonly gone: boolean;
}

const TAG = Uint8Array.of(0);
/** While the other process reads nothing, it is asked again so often, so many times. */
const AGAIN_MS = 5;
const TRIES = 400;

/** Sends connections to a process over a packet socket and a channel. */
export class PacketMover implements Mover {
  readonly #host: PacketMoverHost;

  constructor(host: PacketMoverHost) {
    this.#host = host;
  }

  async move(moved: readonly MovedConnection[]): Promise<boolean> {
    const { linux, packets, platform } = this.#host;
    const fds = moved.map((m) => m.fd);
    try {
      for (let i = 0; !this.#host.gone; i++) {
        if (linux.sendDescriptors(packets, fds, TAG)) {
          this.#host.tell(moved.map(({ fd: _, ...named }) => named));
          for (const fd of fds) linux.closeDescriptor(fd);
          return true;
        }
        if (i >= TRIES) return false;
        await new Promise<void>((resolve) => platform.setTimer(AGAIN_MS, resolve, true));
      }
    } catch {
      // The other end is gone.
    }
    return false;
  }
}

/** The other side of it. Throws when the descriptors are not there. */
export function movedHere(fds: readonly number[], connections: readonly NamedConnection[]): MovedConnection[] {
  return connections.map((c, i) => ({ ...c, fd: fds[i]! }));
}
