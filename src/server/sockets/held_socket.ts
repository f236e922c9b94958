import type { BoundAddress } from "../../base/address.ts";

/** A listening socket, or one of datagrams, that is open already: a predecessor's, a supervisor's, or systemd's. */
export interface HeldSocket {
  /** The listener that it was opened for; "": not known. */
  readonly listener: string;
  /** As the config says, which for port 0 is not what the socket is bound to. */
  readonly bind: BoundAddress;
  readonly fd: number;
  readonly foreign?: Foreign;
}

/**
 * A socket that whoever passed it goes on with when this weir has ended, as systemd does: a unix socket's file is left where it is, and
 * none of weir's own is opened beside it.
 */
export interface Foreign {
  /** When it is a listener's, the socket is that listener's, whatever its address. */
  readonly name: string;
}

/** As it is told to another process, which gets the descriptor by itself. */
export type NamedSocket = Omit<HeldSocket, "fd">;

export function nameOf({ fd: _, ...named }: HeldSocket): NamedSocket {
  return named;
}

/** Sockets that wait for the listeners that go on with them. */
export class HeldSockets {
  #held: readonly HeldSocket[];

  constructor(held: readonly HeldSocket[]) {
    this.#held = held;
  }

  add(held: readonly HeldSocket[]): void {
    this.#held = [...this.#held, ...held];
  }

  /** All that a listener can go on with; they belong to whoever asked. Port 0 is a port of its listener's own. */
  take(listener: string, bind: BoundAddress): readonly HeldSocket[] {
    const mine = this.#held.filter((s) => isFor(s, listener, bind));
    this.#held = this.#held.filter((s) => !mine.includes(s));
    return mine;
  }

  /** What nobody asked for. */
  takeRest(): readonly HeldSocket[] {
    const rest = this.#held;
    this.#held = [];
    return rest;
  }
}

function isFor(s: HeldSocket, listener: string, bind: BoundAddress): boolean {
  if (s.foreign !== undefined && isOfKind(s.bind, bind) && (s.foreign.name === listener || isOfAllHosts(s.bind, bind)))
    return true;
  return sameAddress(s.bind, bind) && (!isAnyPort(bind) || s.listener === listener);
}

/** A socket of datagrams is for no listener of TCP, whatever it is called. */
function isOfKind(a: BoundAddress, wanted: BoundAddress): boolean {
  return (a.kind === "udp") === (wanted.kind === "udp");
}

/** `:8080` of the config may have been opened for IPv4 and IPv6 apart, or for IPv4 alone. */
function isOfAllHosts(a: BoundAddress, wanted: BoundAddress): boolean {
  if (a.kind === "unix" || wanted.kind === "unix" || wanted.host !== "" || wanted.port === 0) return false;
  return a.port === wanted.port && (a.host === "0.0.0.0" || a.host === "::");
}

function sameAddress(a: BoundAddress, b: BoundAddress): boolean {
  if (a.kind === "unix" || b.kind === "unix") return a.kind === "unix" && b.kind === "unix" && a.path === b.path;
  return a.kind === b.kind && a.host === b.host && a.port === b.port;
}

function isAnyPort(a: BoundAddress): boolean {
  return a.kind !== "unix" && a.port === 0;
}
