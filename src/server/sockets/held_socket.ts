import type { Address } from "../../base/address.ts";

/** A listening socket that is open already: a predecessor's, a supervisor's, or systemd's. */
export interface HeldSocket {
  /** The listener that it was opened for; "": not known. */
  readonly listener: string;
  /** As the config says, which for port 0 is not what the socket is bound to. */
  readonly bind: Address;
  readonly fd: number;
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
  take(listener: string, bind: Address): readonly HeldSocket[] {
    const mine = this.#held.filter((s) => sameAddress(s.bind, bind) && (!isAnyPort(bind) || s.listener === listener));
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

function sameAddress(a: Address, b: Address): boolean {
  if (a.kind === "unix" || b.kind === "unix") return a.kind === "unix" && b.kind === "unix" && a.path === b.path;
  return a.host === b.host && a.port === b.port;
}

function isAnyPort(a: Address): boolean {
  return a.kind === "tcp" && a.port === 0;
}
