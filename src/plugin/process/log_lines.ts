const LF = 0x0a;
/** The longest line of a plugin's log; what is longer is cut. */
const LINE_BYTES = 8 * 1024;
/** Lines a second that are written to Weir's log, after a burst of as many. */
const LINES_PER_SECOND = 200;

/** What a plugin writes on its standard error, as lines. One that floods loses lines, and does not fill Weir's log. */
export class LogLines {
  readonly #tell: (line: string) => void;
  readonly #now: () => number;
  readonly #text = new TextDecoder();
  #held = "";
  #cut = false;
  #tokens = LINES_PER_SECOND;
  #at: number;
  #dropped = 0;

  /** `now`: milliseconds. */
  constructor(tell: (line: string) => void, now: () => number) {
    this.#tell = tell;
    this.#now = now;
    this.#at = now();
  }

  /** Lines that were left out since this was last asked. */
  takeDropped(): number {
    const n = this.#dropped;
    this.#dropped = 0;
    return n;
  }

  receive(b: Uint8Array): void {
    let at = 0;
    while (at < b.length) {
      const end = b.indexOf(LF, at);
      const piece = b.subarray(at, end < 0 ? b.length : end);
      this.#add(piece);
      if (end < 0) return;
      this.#line();
      at = end + 1;
    }
  }

  /** A last line without an end. */
  close(): void {
    if (this.#held !== "") this.#line();
  }

  #add(piece: Uint8Array): void {
    if (this.#cut) return;
    const room = LINE_BYTES - this.#held.length;
    this.#held += this.#text.decode(piece.length > room ? piece.subarray(0, room) : piece);
    this.#cut = piece.length > room;
  }

  #line(): void {
    const line = this.#held.trimEnd();
    this.#held = "";
    this.#cut = false;
    if (line === "") return;
    const now = this.#now();
    this.#tokens = Math.min(LINES_PER_SECOND, this.#tokens + ((now - this.#at) * LINES_PER_SECOND) / 1000);
    this.#at = now;
    if (this.#tokens < 1) {
      this.#dropped++;
      return;
    }
    this.#tokens--;
    this.#tell(line);
  }
}
