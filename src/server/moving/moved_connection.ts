/** A client's connection that waits for a request, on its way to another process. The client sees nothing of it. */
export interface MovedConnection {
  /** Name of the listener that took it. */
  readonly listener: string;
  readonly fd: number;
  /** Received and not read yet. */
  readonly unread: Uint8Array;
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
