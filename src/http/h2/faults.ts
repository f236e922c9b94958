import {
  COMPRESSION_ERROR,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  type FrameFault,
  PROTOCOL_ERROR,
  STREAM_CLOSED,
} from "./error_codes.ts";

/** What a frame that is well-formed by itself does wrong where it stands; `frame_rules.ts` has the others. */
export const MALFORMED_BLOCK: FrameFault = fault(COMPRESSION_ERROR, "header block can't be decoded (RFC 9113 4.3)");
export const CONNECTION_OVERRUN: FrameFault = fault(FLOW_CONTROL_ERROR, "DATA beyond the connection's window (RFC 9113 6.9.1)");
export const STREAM_OVERRUN: FrameFault = fault(FLOW_CONTROL_ERROR, "DATA beyond the stream's window (RFC 9113 6.9.1)");
export const WINDOW_OVERFLOW: FrameFault = fault(FLOW_CONTROL_ERROR, "window above 2^31-1 (RFC 9113 6.9.1)");
export const ZERO_INCREMENT: FrameFault = fault(PROTOCOL_ERROR, "WINDOW_UPDATE of 0 (RFC 9113 6.9)");
export const IDLE_STREAM: FrameFault = fault(PROTOCOL_ERROR, "frame on a stream that was never opened (RFC 9113 5.1)");
export const BEHIND_END: FrameFault = fault(STREAM_CLOSED, "frame behind the end of its stream (RFC 9113 5.1)");
export const WRONG_LENGTH: FrameFault = fault(PROTOCOL_ERROR, "DATA and Content-Length differ (RFC 9113 8.1.1)");
export const BEFORE_HEAD: FrameFault = fault(PROTOCOL_ERROR, "DATA before the head (RFC 9113 8.1)");
export const PRIORITY_SIZE: FrameFault = fault(FRAME_SIZE_ERROR, "PRIORITY of other than 5 bytes (RFC 9113 6.3)");
export const SELF_DEPENDENT: FrameFault = fault(PROTOCOL_ERROR, "a stream that depends on itself (RFC 7540 5.3.1)");
export const NOT_TRAILERS: FrameFault = fault(PROTOCOL_ERROR, "a second head without END_STREAM (RFC 9113 8.1)");
export const BAD_TRAILERS: FrameFault = fault(PROTOCOL_ERROR, "trailers with a field that frames or routes (RFC 9110 6.5.1)");
export const BAD_PREFACE: FrameFault = fault(PROTOCOL_ERROR, "not the connection preface (RFC 9113 3.4)");
export const SERVER_STREAM: FrameFault = fault(PROTOCOL_ERROR, "a stream with an even id from a client (RFC 9113 5.1.1)");

export function fault(code: number, text: string): FrameFault {
  return { code, text };
}
