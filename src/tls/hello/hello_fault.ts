/** Why a ClientHello is refused. */
export interface HelloFault {
  readonly kind: "fault";
  /** Number of the alert that tells the client (RFC 8446 6). */
  readonly alert: number;
  readonly reason: string;
}

/** Numbers of alerts (RFC 8446 6.2, RFC 7301 3.2). */
export const ALERT = Object.freeze({
  unexpectedMessage: 10,
  recordOverflow: 22,
  illegalParameter: 47,
  decodeError: 50,
  protocolVersion: 70,
  unrecognizedName: 112,
});

/** A length that reaches over its frame, or bytes behind the last one. */
export function malformed(what: string): HelloFault {
  return { kind: "fault", alert: ALERT.decodeError, reason: `the ClientHello's ${what} is malformed` };
}

/** Readable, but nothing that a client may send. */
export function illegal(reason: string): HelloFault {
  return { kind: "fault", alert: ALERT.illegalParameter, reason };
}
