import type { Model } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import type { Receipt } from "../config/source.ts";
import type { CertsStatus } from "../tls/store/certs_status.ts";
import type { HealthRecord } from "../upstream/health/health_board.ts";
import type { MovedConnection, Mover } from "./moving/moved_connection.ts";
import type { HeldSocket } from "./sockets/held_socket.ts";
import type { Status } from "./status.ts";

export interface DrainOptions {
  /** How long new connections are still taken; the config's time when absent. */
  readonly delayMs?: number;
  /**
   * Somebody else takes new connections: idle ones are not closed but told to go with their next reply, for a request may be on its way.
   * They have as long as requests in flight have.
   */
  readonly patient?: boolean;
}

/** What serves: a server in this process, or a supervisor with workers. */
export interface Serving {
  /** Takes a config: all of it is in force when this resolves without problems, nothing of it otherwise. */
  apply(model: Model): Promise<Receipt>;
  /** Something was offered that is no config: counts it, and what is in force stays. */
  refuse(problems: readonly Problem[]): Receipt;
  status(): Status | Promise<Status>;
  certs(): CertsStatus | Promise<CertsStatus>;
  /** Access log files are opened anew by their paths. */
  reopenLogs(): void;
  /** A callback threw somewhere. */
  countThrow(): void;
  /** Not ready any more, and after the delay nothing new is taken. Resolves when nothing is in flight, at the drain's limits at the latest. */
  drain(o?: DrainOptions): Promise<void>;
  /** Cuts everything and closes. */
  stop(): Promise<void>;
  /** The listening sockets, for a successor. They stay open here. */
  heldSockets(): readonly HeldSocket[];
  /** What is known of hosts' health, for a successor. */
  healthRecords(): readonly HealthRecord[];
  /**
   * Gives connections that wait for a request to a process that goes on with the listeners. Resolves when all that can go are gone; those
   * that come to rest later go then.
   */
  moveIdle(mover: Mover): Promise<void>;
  /** Goes on with such connections; their descriptors belong to it. */
  adopt(moved: readonly MovedConnection[]): void;
  /**
   * A successor listens on the same sockets: what is closed from now on leaves the files of unix sockets alone. Resolves when no datagram
   * is read from them here any more.
   */
  succeeded(): Promise<void>;
  /** Datagrams may be read: no predecessor reads them. */
  readDatagrams(): void;
}
