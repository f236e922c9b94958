import type { Address, ConnInfo, ProxiedInfo } from "../../platform/types.ts";

/** A client's connection that waits for a request, on its way to another process. The client sees nothing of it. */
export interface MovedConnection {
  /** Name of the listener that took it. */
  readonly listener: string;
  readonly fd: number;
  /** Received and not read yet. */
  readonly unread: Uint8Array;
  /** What a proxy in front told of it; null: its socket knows. */
  readonly told: ToldEnds | null;
}

/** Of a connection whose proxy has named the client. */
export interface ToldEnds {
  readonly local: Address;
  readonly remote: Address;
  readonly proxied: ProxiedInfo;
}

export function toldOf({ local, remote, proxied }: ConnInfo): ToldEnds | null {
  return proxied === undefined ? null : { local, remote, proxied };
}

/** What is told of one beside its descriptor. */
export type NamedConnection = Omit<MovedConnection, "fd">;

/** The other process, or the way there. */
export interface Mover {
  /** The descriptors belong to it when it resolves with true; false: it takes none. At most `MOVE_AT_ONCE`. */
  move(moved: readonly MovedConnection[]): Promise<boolean>;
}

/** As many as one message carries descriptors. */
export const MOVE_AT_ONCE = 64;
