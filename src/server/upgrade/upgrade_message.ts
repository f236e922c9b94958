import type { HealthRecord } from "../../upstream/health/health_board.ts";
import type { NamedConnection } from "../moving/moved_connection.ts";
import type { NumbersEstate, NumbersNews } from "../numbers/weir_numbers.ts";
import type { NamedSocket } from "../sockets/held_socket.ts";

/** What the two sides of an upgrade have to have in common. One that the other does not know ends the upgrade, and the old one serves on. */
export const UPGRADE_VERSION = 1;

/** The descriptors of the new process: the channel, and the packet socket on which descriptors come. */
export const CHANNEL_FD = 3;
export const PACKETS_FD = 4;
/** From here on what else is passed. */
export const FIRST_FREE_FD = 5;
/** Set in the environment of the new process, to the version. */
export const UPGRADE_VARIABLE = "WEIR_UPGRADE";

/** From the old process, after the descriptors of all sockets were sent, in the order in which they stand here. */
export interface TakeMessage {
  readonly kind: "take";
  readonly version: number;
  readonly pid: number;
  readonly sockets: readonly NamedSocket[];
  /** The next descriptor is the control socket, which listens at this path; null: there is none. */
  readonly control: string | null;
  /** Number of the config in force. */
  readonly generation: number;
  /** The last descriptors are the members'. */
  readonly numbers: NumbersEstate;
  /** What is known of hosts' health; a process of before that was handed on says nothing of it. */
  readonly health?: readonly HealthRecord[];
}

/** The old process reads no datagrams any more from the sockets that the new one has too. */
export interface YoursMessage {
  readonly kind: "yours";
}

/** What the old process tells until it ends. */
export type PredecessorMessage = TakeMessage | YoursMessage | NumbersNews | ConnectionsMessage;

/** Connections that wait for a request; their descriptors were sent before. */
export interface ConnectionsMessage {
  readonly kind: "connections";
  readonly connections: readonly NamedConnection[];
}

/** From the new process. */
export type SuccessorMessage =
  /** Its config is in force and it accepts: the old one may go. */
  { readonly kind: "ready"; readonly pid: number } | { readonly kind: "failed"; readonly reason: string };
