import { concatBytes } from "../../base/bytes.ts";

/** grpc.health.v1.HealthCheckResponse.ServingStatus (grpc/doc/health-checking.md). */
const STATUS_NAMES: readonly string[] = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
export const SERVING = 1;

/** Length and "not compressed" before each message (grpc/doc/PROTOCOL-HTTP2.md). */
const PREFIX = 5;

/** Field 1, a string: HealthCheckRequest.service. */
const SERVICE_TAG = 0x0a;
/** Field 1, a varint: HealthCheckResponse.status. */
const STATUS_TAG = 0x08;

/** A HealthCheckRequest with its prefix; "" asks for the server as a whole. */
export function encodeHealthRequest(service: string): Uint8Array {
  const name = new TextEncoder().encode(service);
  const message = name.length === 0 ? name : concatBytes([Uint8Array.of(SERVICE_TAG, ...varint(name.length)), name]);
  const frame = new Uint8Array(PREFIX + message.length);
  new DataView(frame.buffer).setUint32(1, message.length);
  frame.set(message, PREFIX);
  return frame;
}

/** The status in a HealthCheckResponse with its prefix; null: it is none. */
export function decodeHealthResponse(frame: Uint8Array): number | null {
  if (frame.length < PREFIX || frame[0] !== 0) return null;
  const length = new DataView(frame.buffer, frame.byteOffset).getUint32(1);
  return length === frame.length - PREFIX ? statusIn(frame.subarray(PREFIX)) : null;
}

export function servingText(status: number): string {
  return STATUS_NAMES[status] ?? `status ${status}`;
}

/** Fields of later versions are passed over; the last one counts, and absent is 0 (protobuf.dev/programming-guides/encoding). */
function statusIn(b: Uint8Array): number | null {
  let status = 0;
  let at = 0;
  const read = (): number | null => {
    let value = 0;
    for (let shift = 0; shift < 64; shift += 7) {
      const byte = b[at++];
      if (byte === undefined) return null;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return null;
  };
  while (at < b.length) {
    const tag = read();
    if (tag === null) return null;
    const skip = tag % 8 === 1 ? 8 : tag % 8 === 5 ? 4 : null;
    const value = skip ?? read();
    if (value === null || (tag % 8 !== 0 && tag % 8 !== 2 && skip === null)) return null;
    if (tag === STATUS_TAG) status = value;
    else if (tag % 8 !== 0) at += value;
    if (at > b.length) return null;
  }
  return status;
}

function varint(n: number): number[] {
  const bytes: number[] = [];
  let rest = n;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 0x80);
  return [...bytes, rest];
}
