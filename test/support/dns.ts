import { Buffer } from "node:buffer";
import { UdpOrigin } from "./datagrams.ts";

// DNS over UDP (RFC 1035), as much as its test service needs: one question a query, records of a few types, names without pointers in questions.

export const TYPE = { A: 1, TXT: 16, AAAA: 28 } as const;
export type TypeName = keyof typeof TYPE;

const HEADER_BYTES = 12;
const CLASS_IN = 1;
const QR_AA = 0x8400;
const RD = 0x0100;
const RCODE = 0x000f;
const NXDOMAIN = 3;
const FORMERR = 1;
const TTL = 60;

/** Records by name and type, such as `www.example A`. */
export type Zone = Readonly<Record<string, readonly string[]>>;

export interface Answer {
  readonly id: number;
  readonly rcode: number;
  readonly records: readonly string[];
}

/** A DNS server with authority over everything. */
export function startDns(zone: Zone, port = 0): Promise<UdpOrigin> {
  return UdpOrigin.start((query) => answerOf(zone, query), port);
}

export function encodeQuery(id: number, name: string, type: TypeName): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(RD, 2);
  header.writeUInt16BE(1, 4);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(TYPE[type], 0);
  tail.writeUInt16BE(CLASS_IN, 2);
  return Buffer.concat([header, encodeName(name), tail]);
}

export function decodeAnswer(b: Buffer): Answer {
  const count = b.readUInt16BE(6);
  let at = HEADER_BYTES;
  at = skipName(b, at) + 4;
  const records: string[] = [];
  for (let i = 0; i < count; i++) {
    at = skipName(b, at);
    const type = b.readUInt16BE(at);
    const length = b.readUInt16BE(at + 8);
    at += 10;
    const data = b.subarray(at, at + length);
    records.push(type === TYPE.A ? data.join(".") : type === TYPE.AAAA ? data.toString("hex") : data.subarray(1).toString());
    at += length;
  }
  return { id: b.readUInt16BE(0), rcode: b.readUInt16BE(2) & RCODE, records };
}

function answerOf(zone: Zone, query: Buffer): Buffer | null {
  if (query.length < HEADER_BYTES) return null;
  const header = Buffer.from(query.subarray(0, HEADER_BYTES));
  const end = query.readUInt16BE(4) === 1 ? skipName(query, HEADER_BYTES) : -1;
  if (end < 0 || end + 4 > query.length) {
    header.writeUInt16BE(QR_AA | FORMERR, 2);
    return header;
  }
  const type = query.readUInt16BE(end);
  const typeName = Object.entries(TYPE).find(([, n]) => n === type)?.[0] ?? "";
  const records = zone[`${decodeName(query, HEADER_BYTES)} ${typeName}`] ?? [];
  header.writeUInt16BE(QR_AA | (records.length === 0 ? NXDOMAIN : 0), 2);
  header.writeUInt16BE(records.length, 6);
  const question = query.subarray(HEADER_BYTES, end + 4);
  return Buffer.concat([header, question, ...records.map((r) => record(type, r))]);
}

/** RFC 1035 4.1.3, its name a pointer to the question's (4.1.4). */
function record(type: number, text: string): Buffer {
  const data =
    type === TYPE.A
      ? Buffer.from(text.split(".").map(Number))
      : type === TYPE.AAAA
        ? Buffer.from(text, "hex")
        : Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(CLASS_IN, 4);
  head.writeUInt32BE(TTL, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function encodeName(name: string): Buffer {
  const labels = name.split(".").map((l) => Buffer.concat([Buffer.from([l.length]), Buffer.from(l)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

function decodeName(b: Buffer, from: number): string {
  const labels: string[] = [];
  for (let at = from; b[at]! > 0; at += b[at]! + 1)
    labels.push(
      b
        .subarray(at + 1, at + 1 + b[at]!)
        .toString("latin1")
        .toLowerCase(),
    );
  return labels.join(".");
}

/** Where what is behind a name begins; −1: it has no end. */
function skipName(b: Buffer, from: number): number {
  let at = from;
  while (at < b.length) {
    const length = b[at]!;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += length + 1;
  }
  return -1;
}
