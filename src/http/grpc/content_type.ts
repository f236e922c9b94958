import { LOWER } from "../../base/ascii.ts";
import { type Fields, spanOf } from "../fields.ts";
import { ID } from "../names.ts";

const GRPC = "application/grpc";
const PLUS = 0x2b;
const SEMICOLON = 0x3b;
const SPACE = 0x20;
const TAB = 0x09;

/** Whether Content-Type says gRPC: `application/grpc`, alone or with a `+format` or parameters. gRPC-Web is none: it has other trailers. */
export function isGrpc(f: Fields): boolean {
  if (!f.hasId(ID["content-type"])) return false;
  const at = spanOf(f, ID["content-type"]);
  if (at < 0) return saysGrpc(f.get("content-type") ?? "");
  const s = f.spans;
  return bytesSayGrpc(f.raw, s[at + 2]!, s[at + 3]!);
}

function saysGrpc(value: string): boolean {
  return /^application\/grpc(?:[+; \t]|$)/i.test(value);
}

/** The same of a value's bytes, without a string: every request of HTTP/2 with a body is asked. */
export function bytesSayGrpc(b: Uint8Array, from: number, to: number): boolean {
  const end = from + GRPC.length;
  if (end > to) return false;
  for (let i = 0; i < GRPC.length; i++) if (LOWER[b[from + i]!] !== GRPC.charCodeAt(i)) return false;
  if (end === to) return true;
  const next = b[end]!;
  return next === PLUS || next === SEMICOLON || next === SPACE || next === TAB;
}
