/** One kind of traffic in an open loop: what is sent next never waits for what was sent before. */
export interface Load {
  /** How often a second `next` is called. */
  readonly rate: number;
  /** What has to be there before the first request. */
  begin?(): Promise<void>;
  /** Sends one. Never throws. */
  next(): void;
  /** Opens another session, where there are sessions. */
  more?(): Promise<void>;
  /** Nothing is on its way any more: ends sessions in order. */
  end(): Promise<void>;
}

/** An answer that takes longer than this never comes. */
export const ANSWER_MS = 60_000;

export function reasonOf(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}
