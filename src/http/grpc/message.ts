const PERCENT = 0x25;

/** grpc-message: UTF-8 whose bytes outside of printable ASCII, and the percent sign, are percent-encoded (grpc/doc/PROTOCOL-HTTP2.md). */
export function encodeGrpcMessage(utf8: Uint8Array): string {
  let out = "";
  for (const byte of utf8) {
    if (byte >= 0x20 && byte <= 0x7e && byte !== PERCENT) out += String.fromCharCode(byte);
    else out += `%${byte < 0x10 ? "0" : ""}${byte.toString(16).toUpperCase()}`;
  }
  return out;
}
