import type { ListenerSpec, UdpListenerSpec } from "../../config/model.ts";
import type { Conn, ConnHandler, Listener, ListenOptions, Platform } from "../../platform/types.ts";
import type { Foreign, HeldSocket, HeldSockets } from "./held_socket.ts";
import { type ListenSockets, placeOf, type UdpPlace } from "./listen_sockets.ts";

/** Sockets of a process that opens its own, unless it was given some at start. */
export class OwnSockets implements ListenSockets {
  readonly exclusive = true;
  readonly #platform: Platform;
  readonly #held: HeldSockets;

  constructor(platform: Platform, held: HeldSockets) {
    this.#platform = platform;
    this.#held = held;
  }

  async open(spec: ListenerSpec, o: ListenOptions, accept: (c: Conn) => ConnHandler): Promise<readonly Listener[]> {
    const held = this.#held.take(spec.name, spec.bind!);
    if (held.length === 0) return [await this.#platform.listen(spec.bind!, o, accept)];
    return await listenOn(this.#platform, held, true, o, accept);
  }

  udp({ name, bind }: UdpListenerSpec): readonly UdpPlace[] {
    const held = this.#held.take(name, bind);
    return held.length > 0 ? held.map(placeOf) : [{ at: { kind: "tcp", host: bind.host, port: bind.port } }];
  }
}

/** The listeners that were opened on somebody else's sockets. */
const foreign = new WeakMap<Listener, Foreign>();

/** Whose its socket is; undefined: this weir's own. */
export function foreignOf(l: Listener): Foreign | undefined {
  return foreign.get(l);
}

/** The listeners that were opened on sockets which somebody else may have as well. */
const handedOn = new WeakSet<Listener>();

/** Closes it where nothing came of it: whoever handed its socket on listens at the same path. */
export function giveBack(l: Listener): Promise<void> {
  if (handedOn.has(l)) l.keepPath();
  return l.close();
}

/**
 * Listens on all of them; on none when one can't be had. The descriptors belong to the listeners from here on. `removesPath`: closing
 * removes the files of unix sockets that are not somebody else's.
 */
export async function listenOn(
  platform: Platform,
  held: readonly HeldSocket[],
  removesPath: boolean,
  o: ListenOptions,
  accept: (c: Conn) => ConnHandler,
): Promise<readonly Listener[]> {
  const open: Listener[] = [];
  try {
    for (const { fd, foreign: whose } of held) {
      const l = await platform.listen({ fd, removesPath: removesPath && whose === undefined }, o, accept);
      if (whose !== undefined) foreign.set(l, whose);
      handedOn.add(l);
      open.push(l);
    }
  } catch (e) {
    await Promise.all(open.map(giveBack));
    throw e;
  }
  return open;
}
