import { FLOW_CONTROL_ERROR, type FrameFault, PROTOCOL_ERROR } from "./error_codes.ts";
import { FIRST_WINDOW, LEAST_FRAME_SIZE, MAX_31, read32 } from "./frame_types.ts";

/** Identifiers (RFC 9113 6.5.2, RFC 8441 3). */
export const HEADER_TABLE_SIZE = 0x1;
export const ENABLE_PUSH = 0x2;
export const MAX_CONCURRENT_STREAMS = 0x3;
export const INITIAL_WINDOW_SIZE = 0x4;
export const MAX_FRAME_SIZE = 0x5;
export const MAX_HEADER_LIST_SIZE = 0x6;
export const ENABLE_CONNECT_PROTOCOL = 0x8;

const BAD_PUSH: FrameFault = { code: PROTOCOL_ERROR, text: "SETTINGS_ENABLE_PUSH is neither 0 nor 1 (RFC 9113 6.5.2)" };
const SERVER_PUSH: FrameFault = { code: PROTOCOL_ERROR, text: "a server sent SETTINGS_ENABLE_PUSH of 1 (RFC 9113 6.5.2)" };
const BAD_WINDOW: FrameFault = { code: FLOW_CONTROL_ERROR, text: "SETTINGS_INITIAL_WINDOW_SIZE above 2^31-1 (RFC 9113 6.5.2)" };
const BAD_FRAME_SIZE: FrameFault = { code: PROTOCOL_ERROR, text: "SETTINGS_MAX_FRAME_SIZE out of range (RFC 9113 6.5.2)" };
const BAD_CONNECT: FrameFault = {
  code: PROTOCOL_ERROR,
  text: "SETTINGS_ENABLE_CONNECT_PROTOCOL is neither 0 nor 1 (RFC 8441 3)",
};
const CONNECT_TAKEN_BACK: FrameFault = {
  code: PROTOCOL_ERROR,
  text: "SETTINGS_ENABLE_CONNECT_PROTOCOL from 1 to 0 (RFC 8441 3)",
};

/** What the peer has said of itself. */
export class PeerSettings {
  maxStreams: number = Number.POSITIVE_INFINITY;
  initialWindow: number = FIRST_WINDOW;
  maxFrameSize: number = LEAST_FRAME_SIZE;
  connectProtocol = false;
  readonly #ofServer: boolean;
  readonly #onTableSize: (bytes: number) => void;

  /** `ofServer`: the peer is one. `onTableSize` hears of each SETTINGS_HEADER_TABLE_SIZE, as each matters to an encoder (RFC 7541 4.2). */
  constructor(ofServer: boolean, onTableSize: (bytes: number) => void) {
    this.#ofServer = ofServer;
    this.#onTableSize = onTableSize;
  }

  /** Takes the values in their order (RFC 9113 6.5.3); the first that is out of range is a fault. Unknown ones are ignored. */
  apply(b: Uint8Array, from: number, to: number): FrameFault | null {
    for (let at = from; at < to; at += 6) {
      const fault = this.#set((b[at]! << 8) | b[at + 1]!, read32(b, at + 2));
      if (fault !== null) return fault;
    }
    return null;
  }

  #set(id: number, value: number): FrameFault | null {
    switch (id) {
      case HEADER_TABLE_SIZE:
        this.#onTableSize(value);
        return null;
      case ENABLE_PUSH:
        if (value > 1) return BAD_PUSH;
        return this.#ofServer && value === 1 ? SERVER_PUSH : null;
      case MAX_CONCURRENT_STREAMS:
        this.maxStreams = value;
        return null;
      case INITIAL_WINDOW_SIZE:
        if (value > MAX_31) return BAD_WINDOW;
        this.initialWindow = value;
        return null;
      case MAX_FRAME_SIZE:
        if (value < LEAST_FRAME_SIZE || value > 0xffffff) return BAD_FRAME_SIZE;
        this.maxFrameSize = value;
        return null;
      case ENABLE_CONNECT_PROTOCOL:
        if (value > 1) return BAD_CONNECT;
        if (this.connectProtocol && value === 0) return CONNECT_TAKEN_BACK;
        this.connectProtocol = value === 1;
        return null;
      default:
        return null;
    }
  }
}
