import type { ErrorCode } from "../../base/error.ts";

/** What was wrong with the bytes. Numbers, so that the reader's loops return them; negative, so that they are no offsets. */
export const MORE = -1;
export const F_EMPTY_NAME = -2;
export const F_BAD_NAME = -3;
export const F_SPACE_BEFORE_COLON = -4;
export const F_OBS_FOLD = -5;
export const F_BARE_LF = -6;
export const F_BARE_CR = -7;
export const F_BAD_VALUE = -8;
export const F_TOO_MANY_FIELDS = -9;
export const F_HEAD_TOO_LARGE = -10;
export const F_BAD_METHOD = -11;
export const F_BAD_TARGET = -12;
export const F_URI_TOO_LONG = -13;
export const F_BAD_VERSION = -14;
export const F_UNSUPPORTED_VERSION = -15;
export const F_BAD_STATUS_LINE = -16;
export const F_UNDERSCORE = -17;
export const F_EMPTY_LINES = -18;
export const F_START_LINE_TOO_LONG = -19;
export const F_NOT_HTTP = -20;

export interface FaultText {
  readonly code: ErrorCode;
  /** Status towards a client whose bytes these are. */
  readonly status: number;
  readonly text: string;
}

const TEXTS: Readonly<Record<number, FaultText>> = {
  [F_EMPTY_NAME]: { code: "badRequest", status: 400, text: "field line without a name (RFC 9112 5)" },
  [F_BAD_NAME]: { code: "badRequest", status: 400, text: "field name holds a byte that is no token character (RFC 9110 5.1)" },
  [F_SPACE_BEFORE_COLON]: { code: "badRequest", status: 400, text: "white space between field name and colon (RFC 9112 5.1)" },
  [F_OBS_FOLD]: { code: "badRequest", status: 400, text: "folded field line (RFC 9112 5.2)" },
  [F_BARE_LF]: { code: "badRequest", status: 400, text: "line ends in LF without CR (RFC 9112 2.2)" },
  [F_BARE_CR]: { code: "badRequest", status: 400, text: "CR without LF (RFC 9112 2.2)" },
  [F_BAD_VALUE]: { code: "badRequest", status: 400, text: "field value holds a control character (RFC 9110 5.5)" },
  [F_TOO_MANY_FIELDS]: { code: "tooManyFields", status: 431, text: "more fields than the limit" },
  [F_HEAD_TOO_LARGE]: { code: "headTooLarge", status: 431, text: "head larger than the limit" },
  [F_BAD_METHOD]: { code: "badRequest", status: 400, text: "method is no token of at most 32 bytes (RFC 9110 9.1)" },
  [F_BAD_TARGET]: { code: "badRequest", status: 400, text: "request target is malformed (RFC 9112 3.2)" },
  [F_URI_TOO_LONG]: { code: "uriTooLong", status: 414, text: "request line longer than the limit" },
  [F_BAD_VERSION]: { code: "badRequest", status: 400, text: "HTTP version is malformed (RFC 9112 2.3)" },
  [F_NOT_HTTP]: { code: "badRequest", status: 400, text: "neither method nor version are HTTP's (RFC 9112 3)" },
  [F_UNSUPPORTED_VERSION]: { code: "unsupportedVersion", status: 505, text: "HTTP version is neither 1.0 nor 1.1" },
  [F_BAD_STATUS_LINE]: { code: "upstreamProtocol", status: 400, text: "status line is malformed (RFC 9112 4)" },
  [F_UNDERSCORE]: { code: "badRequest", status: 400, text: "field name holds an underscore, which this listener refuses" },
  [F_EMPTY_LINES]: { code: "badRequest", status: 400, text: "more than one empty line before the request line (RFC 9112 2.2)" },
  [F_START_LINE_TOO_LONG]: { code: "upstreamHeadTooLarge", status: 400, text: "status line longer than the limit" },
};

export function faultText(fault: number): FaultText {
  return TEXTS[fault] ?? { code: "internal", status: 500, text: `unknown fault ${fault}` };
}
