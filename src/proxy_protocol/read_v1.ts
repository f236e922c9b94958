import type { TcpAddress } from "../base/address.ts";
import { latin1 } from "../base/bytes.ts";
import { parseAddress } from "../base/cidr.ts";
import { type HeaderAnswer, headerFault } from "./header.ts";
import { hostText } from "./host_text.ts";
import { V1_BYTES } from "./limits.ts";

const CR = 13;
const LF = 10;

/** Reads a line of version 1 (2.1) from bytes that begin with "PROXY " and may end anywhere. */
export function readV1(b: Uint8Array): HeaderAnswer {
  // The CRLF has to be within the limit.
  const last = V1_BYTES - 2;
  let end = 0;
  while (end < b.length && end <= last && b[end] !== CR && b[end] !== LF) end++;
  if (end > last) return headerFault(`no CRLF in the first ${V1_BYTES} bytes`);
  if (end === b.length) return MORE;
  // 2.1: neither CR nor LF alone ends a line.
  if (b[end] === LF) return headerFault("a bare LF");
  if (end + 1 === b.length) return MORE;
  if (b[end + 1] !== LF) return headerFault("a bare CR");
  return parseLine(latin1(b, 0, end), b.subarray(end + 2));
}

function parseLine(line: string, unread: Uint8Array): HeaderAnswer {
  const words = line.split(" ");
  const family = words[1];
  // 2.1: what follows is to be ignored, and the connection is as if there were no header.
  if (family === "UNKNOWN") return { kind: "header", header: { version: 1, ends: null, tlvs: [] }, unread };
  if (family !== "TCP4" && family !== "TCP6") return headerFault("a family that is none of TCP4, TCP6 and UNKNOWN");
  if (words.length !== 6) return headerFault("not two addresses and two ports with single spaces between");
  const source = endOf(words[2]!, words[4]!, family);
  const destination = endOf(words[3]!, words[5]!, family);
  if (source === null || destination === null) return headerFault(`an address or a port that is none of ${family}`);
  return { kind: "header", header: { version: 1, ends: { source, destination }, tlvs: [] }, unread };
}

/** 2.1: no leading zeros, and the family decides how an address is written. null: it is none. */
function endOf(host: string, port: string, family: "TCP4" | "TCP6"): TcpAddress | null {
  if (!/^(?:0|[1-9]\d{0,4})$/.test(port) || Number(port) > 65535 || host.includes(":") !== (family === "TCP6")) return null;
  const bytes = parseAddress(host);
  return bytes === null ? null : { kind: "tcp", host: hostText(bytes), port: Number(port) };
}

const MORE: HeaderAnswer = { kind: "more" };
