import { addressText } from "../../base/address.ts";
import { localFault } from "../../base/error.ts";
import type { ListenerSpec, UdpListenerSpec } from "../../config/model.ts";
import type { Conn, ConnHandler, Listener, ListenOptions, Platform } from "../../platform/types.ts";
import { HeldSockets } from "../sockets/held_socket.ts";
import { type ListenSockets, placeOf, type UdpPlace } from "../sockets/listen_sockets.ts";
import { listenOn } from "../sockets/own_sockets.ts";

/** Sockets of a worker: all of them are its supervisor's. */
export class WorkerSockets implements ListenSockets {
  readonly exclusive = false;
  readonly #platform: Platform;
  #held = new HeldSockets([]);

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** What the config that is prepared next may listen on. */
  supply(held: HeldSockets): void {
    this.#held = held;
  }

  async open(spec: ListenerSpec, o: ListenOptions, accept: (c: Conn) => ConnHandler): Promise<readonly Listener[]> {
    const held = this.#held.take(spec.name, spec.bind!);
    if (held.length === 0) throw localFault("internal", 500, `the supervisor gave no socket for ${addressText(spec.bind!)}`);
    return await listenOn(this.#platform, held, false, o, accept);
  }

  udp({ name, bind }: UdpListenerSpec): readonly UdpPlace[] {
    return this.#held.take(name, bind).map(placeOf);
  }
}
