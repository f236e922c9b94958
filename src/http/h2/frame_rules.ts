import { FRAME_SIZE_ERROR, type FrameFault, PROTOCOL_ERROR } from "./error_codes.ts";
import {
  CONTINUATION,
  DATA,
  FLAG_ACK,
  GOAWAY,
  HEADERS,
  PING,
  PRIORITY,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from "./frame_types.ts";

function protocol(text: string): FrameFault {
  return { code: PROTOCOL_ERROR, text };
}

function size(text: string): FrameFault {
  return { code: FRAME_SIZE_ERROR, text };
}

const TOO_LARGE = size("frame larger than SETTINGS_MAX_FRAME_SIZE (RFC 9113 4.2)");
const DATA_ON_0 = protocol("DATA on stream 0 (RFC 9113 6.1)");
const HEADERS_ON_0 = protocol("HEADERS on stream 0 (RFC 9113 6.2)");
const PRIORITY_ON_0 = protocol("PRIORITY on stream 0 (RFC 9113 6.3)");
const RST_ON_0 = protocol("RST_STREAM on stream 0 (RFC 9113 6.4)");
const RST_SIZE = size("RST_STREAM of other than 4 bytes (RFC 9113 6.4)");
const SETTINGS_ON_STREAM = protocol("SETTINGS on a stream (RFC 9113 6.5)");
const SETTINGS_ACK_SIZE = size("SETTINGS with ACK and a payload (RFC 9113 6.5)");
const SETTINGS_SIZE = size("SETTINGS of other than a multiple of 6 bytes (RFC 9113 6.5)");
const PUSHED = protocol("PUSH_PROMISE, which nobody may send here (RFC 9113 6.6, 8.4)");
const PING_ON_STREAM = protocol("PING on a stream (RFC 9113 6.7)");
const PING_SIZE = size("PING of other than 8 bytes (RFC 9113 6.7)");
const GOAWAY_ON_STREAM = protocol("GOAWAY on a stream (RFC 9113 6.8)");
const GOAWAY_SIZE = size("GOAWAY of fewer than 8 bytes (RFC 9113 6.8)");
const WINDOW_SIZE = size("WINDOW_UPDATE of other than 4 bytes (RFC 9113 6.9)");
const NOT_CONTINUED = protocol("a header block is not followed by its CONTINUATION (RFC 9113 6.2)");
const CONTINUES_NOTHING = protocol("CONTINUATION without a header block before it (RFC 9113 6.10)");
const NO_SETTINGS = protocol("the first frame is not SETTINGS (RFC 9113 3.4)");

/**
 * What is wrong with a frame by its head alone; null: nothing. All of it ends the connection. `block` is the stream whose header block has
 * not ended, 0: none; `first`: nothing came before but the preface.
 */
export function frameFault(
  type: number,
  flags: number,
  id: number,
  length: number,
  max: number,
  block: number,
  first: boolean,
): FrameFault | null {
  // RFC 9113 4.2: a stream error would be enough for some types, but what sends one can't be trusted with the next.
  if (length > max) return TOO_LARGE;
  if (first && (type !== SETTINGS || (flags & FLAG_ACK) !== 0)) return NO_SETTINGS;
  // RFC 9113 6.10: nothing may stand between the frames of one header block.
  if (block !== 0) return type === CONTINUATION && id === block ? null : NOT_CONTINUED;
  switch (type) {
    case DATA:
      return id === 0 ? DATA_ON_0 : null;
    case HEADERS:
      return id === 0 ? HEADERS_ON_0 : null;
    case PRIORITY:
      return id === 0 ? PRIORITY_ON_0 : null;
    case RST_STREAM:
      return id === 0 ? RST_ON_0 : length !== 4 ? RST_SIZE : null;
    case SETTINGS:
      if (id !== 0) return SETTINGS_ON_STREAM;
      if ((flags & FLAG_ACK) !== 0) return length === 0 ? null : SETTINGS_ACK_SIZE;
      return length % 6 === 0 ? null : SETTINGS_SIZE;
    case PUSH_PROMISE:
      return PUSHED;
    case PING:
      return id !== 0 ? PING_ON_STREAM : length !== 8 ? PING_SIZE : null;
    case GOAWAY:
      return id !== 0 ? GOAWAY_ON_STREAM : length < 8 ? GOAWAY_SIZE : null;
    case WINDOW_UPDATE:
      return length === 4 ? null : WINDOW_SIZE;
    case CONTINUATION:
      return CONTINUES_NOTHING;
    default:
      return null;
  }
}
