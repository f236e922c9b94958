const NEVER = Number.POSITIVE_INFINITY;

/** Payloads of our PINGs, to tell their answers apart. */
export const PING_KEEPALIVE = 1;
export const PING_DRAIN = 2;

/** When something must have happened on a connection, in milliseconds of the codec's clock; Infinity: nothing is awaited. */
export class Timers {
  /** The preface and the first SETTINGS. */
  setup: number = NEVER;
  /** The answer to our SETTINGS. */
  settingsAck: number = NEVER;
  /** The rest of a frame, or of a header block. */
  frame: number = NEVER;
  /** A stream, on a connection that has none. */
  idle: number = NEVER;
  /** The next PING of ours, and the answer to the last. */
  ping: number = NEVER;
  pingAck: number = NEVER;
  /** The answer to the PING behind the first GOAWAY. */
  drain: number = NEVER;
  /** The earliest deadline that a stream may have: looked for when this is due. */
  streams: number = NEVER;

  get next(): number {
    return Math.min(
      Math.min(this.setup, this.settingsAck, this.frame, this.idle),
      Math.min(this.ping, this.pingAck, this.drain, this.streams),
    );
  }

  clear(): void {
    this.setup = this.settingsAck = this.frame = this.idle = NEVER;
    this.ping = this.pingAck = this.drain = this.streams = NEVER;
  }
}
