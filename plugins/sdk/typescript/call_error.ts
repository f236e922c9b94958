/** Codes of errors, as the protocol has them. */
export const ERROR = {
  method: -32601,
  params: -32602,
  failed: -32603,
  notGranted: -32001,
  tooLarge: -32002,
  hostCall: -32003,
} as const;

/** A request that failed: what a host call rejects with, and what a handler may throw to choose the code of its answer. */
export class CallError extends Error {
  readonly code: number;

  constructor(message: string, code: number = ERROR.failed) {
    super(message);
    this.name = "CallError";
    this.code = code;
  }
}

export function messageOf(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}

/** The code that an error brings, or this one. */
export function codeOf(e: unknown, otherwise: number): number {
  return e instanceof CallError ? e.code : otherwise;
}
