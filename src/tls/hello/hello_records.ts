import { concatBytes } from "../../base/bytes.ts";
import { CLIENT_HELLO_BYTES, CLIENT_HELLO_RECORDS } from "../limits.ts";
import { Cursor } from "./cursor.ts";
import { ALERT, type HelloFault } from "./hello_fault.ts";

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const RECORD_HEADER = 5;
const MESSAGE_HEADER = 4;
/** RFC 8446 5.1: bytes of a record's fragment. */
const RECORD_BYTES = 16 * 1024;

const MORE = { kind: "more" } as const;
const NOT_TLS = { kind: "notTls" } as const;

/** The body of the ClientHello in the records that a connection begins with (RFC 8446 5.1): all of it, or why not. */
export function readHelloBody(b: Uint8Array): Cursor | HelloFault | typeof MORE | typeof NOT_TLS {
  return inOneRecord(b) ?? outOfRecords(b);
}

/** As almost all clients send it: nothing has to be put together. Null: anything else, good or not. */
function inOneRecord(b: Uint8Array): Cursor | null {
  const from = RECORD_HEADER + MESSAGE_HEADER;
  if (b.length < from || b[0] !== HANDSHAKE || b[1] !== 3 || b[RECORD_HEADER] !== CLIENT_HELLO) return null;
  const record = (b[3]! << 8) | b[4]!;
  const length = (b[6]! << 16) | (b[7]! << 8) | b[8]!;
  const whole = length + MESSAGE_HEADER <= record && from + length <= b.length;
  return whole && record <= RECORD_BYTES && length <= CLIENT_HELLO_BYTES ? new Cursor(b, from, from + length) : null;
}

function outOfRecords(b: Uint8Array): Cursor | HelloFault | typeof MORE | typeof NOT_TLS {
  const message = new Message();
  for (let at = 0, records = 0; ; records++) {
    if (at === b.length) return MORE;
    const isFirst = records === 0;
    // RFC 8446 5.1: between the records of one message there are none of another type.
    if (b[at] !== HANDSHAKE) return isFirst ? NOT_TLS : unexpected("record");
    if (at + 1 === b.length) return MORE;
    if (b[at + 1] !== 3) return isFirst ? NOT_TLS : unexpected("version of a record");
    if (records === CLIENT_HELLO_RECORDS) return tooLarge(`more than ${CLIENT_HELLO_RECORDS} records`);
    if (b.length - at < RECORD_HEADER) return MORE;
    const length = (b[at + 3]! << 8) | b[at + 4]!;
    at += RECORD_HEADER;
    // RFC 8446 5.1: a handshake record is never empty.
    if (length === 0) return unexpected("empty record");
    if (length > RECORD_BYTES) return { kind: "fault", alert: ALERT.recordOverflow, reason: "the first record is too long" };
    const end = Math.min(at + length, b.length);
    const fault = message.add(b, at, end);
    if (fault !== null) return fault;
    if (message.whole) return message.body();
    if (end < at + length) return MORE;
    at = end;
  }
}

/** A handshake message out of fragments. */
class Message {
  readonly #parts: Uint8Array[] = [];
  readonly #header: number[] = [];
  #got = 0;
  #length = -1;

  get whole(): boolean {
    return this.#length >= 0 && this.#got === this.#length;
  }

  add(b: Uint8Array, from: number, to: number): HelloFault | null {
    let at = from;
    while (this.#header.length < MESSAGE_HEADER && at < to) this.#header.push(b[at++]!);
    const [type, high, middle, low] = this.#header;
    if (type !== undefined && type !== CLIENT_HELLO) return unexpected("message");
    if (this.#header.length < MESSAGE_HEADER) return null;
    this.#length = (high! << 16) | (middle! << 8) | low!;
    if (this.#length > CLIENT_HELLO_BYTES) return tooLarge(`${this.#length} bytes`);
    const n = Math.min(to - at, this.#length - this.#got);
    if (n > 0) this.#parts.push(b.subarray(at, at + n));
    this.#got += n;
    return null;
  }

  body(): Cursor {
    const body = concatBytes(this.#parts);
    return new Cursor(body, 0, body.length);
  }
}

function unexpected(what: string): HelloFault {
  return { kind: "fault", alert: ALERT.unexpectedMessage, reason: `an unexpected ${what} stands where the ClientHello belongs` };
}

function tooLarge(found: string): HelloFault {
  return { kind: "fault", alert: ALERT.illegalParameter, reason: `the ClientHello is too large: ${found}` };
}
