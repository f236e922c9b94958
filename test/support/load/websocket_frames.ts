import type { Find } from "./text_socket.ts";

/** A frame of a WebSocket (RFC 6455 5.2) of less than 126 bytes. */
export interface WsFrame {
  readonly opcode: number;
  readonly payload: string;
}

export const TEXT = 1;
export const CLOSE = 8;
const FIN = 0x80;
const MASKED = 0x80;
const MASK = [0x12, 0x34, 0x56, 0x78];

export function frameText({ opcode, payload }: WsFrame, masked: boolean): string {
  const head = String.fromCharCode(FIN | opcode, (masked ? MASKED : 0) | payload.length);
  return masked ? head + String.fromCharCode(...MASK) + unmask(payload, String.fromCharCode(...MASK)) : head + payload;
}

export const findFrame: Find<WsFrame> = (text) => {
  if (text.length < 2) return null;
  const second = text.charCodeAt(1);
  const from = second >= MASKED ? 6 : 2;
  const length = from + (second & 0x7f);
  if (text.length < length) return null;
  const payload = text.slice(from, length);
  return {
    value: { opcode: text.charCodeAt(0) & 0x0f, payload: from === 6 ? unmask(payload, text.slice(2, 6)) : payload },
    length,
  };
};

function unmask(payload: string, mask: string): string {
  let out = "";
  for (let i = 0; i < payload.length; i++) out += String.fromCharCode(payload.charCodeAt(i) ^ mask.charCodeAt(i % 4));
  return out;
}
