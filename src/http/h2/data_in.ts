import { BUDGET } from "./budgets.ts";
import type { H2Connection } from "./connection.ts";
import { STREAM_CLOSED } from "./error_codes.ts";
import { BEFORE_HEAD, BEHIND_END, CONNECTION_OVERRUN, IDLE_STREAM, STREAM_OVERRUN, WRONG_LENGTH } from "./faults.ts";
import { FLAG_END_STREAM } from "./frame_types.ts";
import { ReceiveWindow } from "./receive_window.ts";
import type { H2Stream } from "./stream.ts";
import { RESET_BY_US } from "./stream_table.ts";

/** DATA as it comes in: windows, lengths, ends (RFC 9113 6.1, 6.9). */
export class DataIn {
  readonly window: ReceiveWindow = new ReceiveWindow();
  readonly #c: H2Connection;
  /** The frame in hand: its stream, null when its data is dropped; END_STREAM. */
  #stream: H2Stream | null = null;
  #end = false;

  constructor(c: H2Connection) {
    this.#c = c;
  }

  begin(id: number, length: number, flags: number): void {
    const c = this.#c;
    this.#stream = null;
    this.#end = (flags & FLAG_END_STREAM) !== 0;
    if (!this.window.take(length)) {
      c.onFrameFault(CONNECTION_OVERRUN);
      return;
    }
    const s = c.streams.find(id);
    if (s === null || s.wireClosed) this.#stray(id, s === null);
    else if (s.remoteEnded) c.refuse(s, BEHIND_END);
    else if (!s.hasHead) c.refuse(s, BEFORE_HEAD);
    else if (length > s.receiveWindow) c.refuse(s, STREAM_OVERRUN);
    else {
      s.receiveWindow -= length;
      this.#stream = s;
    }
  }

  padding(bytes: number): void {
    this.#stream?.giveBack(bytes);
  }

  data(b: Uint8Array, last: boolean): void {
    const s = this.#stream;
    const end = last && this.#end;
    if (b.length === 0 && !end) this.#c.budgets.take(BUDGET.emptyData);
    else if (s !== null && !s.wireClosed) this.#take(s, b, end);
    this.grant();
  }

  /** Gives the connection's window back, as far as that is worth a frame. */
  grant(): void {
    if (this.#c.stopped) return;
    const increment = this.window.grant();
    if (increment > 0) this.#c.out.windowUpdate(0, increment);
  }

  #take(s: H2Stream, b: Uint8Array, end: boolean): void {
    if (s.bodyLeft >= 0) {
      const left = s.bodyLeft - b.length;
      if (left < 0 || (end && left > 0)) {
        this.#c.refuse(s, WRONG_LENGTH);
        return;
      }
      s.bodyLeft = left;
    }
    if (end) s.remoteEnded = true;
    s.take(b, end);
    if (end) s.endedByPeer();
    else s.moved();
  }

  /** DATA on a stream that has ended or never was. What was on its way when we reset the stream costs the peer nothing but its window. */
  #stray(id: number, gone: boolean): void {
    const c = this.#c;
    if (!gone || c.streams.howEnded(id) === RESET_BY_US) return;
    if (c.isIdle(id)) {
      c.onFrameFault(IDLE_STREAM);
      return;
    }
    c.provoked();
    c.out.resetStream(id, STREAM_CLOSED);
  }
}
