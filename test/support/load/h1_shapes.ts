import type { TextSocket } from "./text_socket.ts";

/** One kind of request of HTTP/1.1. */
export interface Shape {
  /** Sends it; `fields` are whole lines, of which one is the id. */
  send(s: TextSocket, fields: string): void;
  /** Content of its body, which the answer has to hold. */
  readonly body: string;
}

const BODY = "0123456789abcdef".repeat(200);
const CHUNK = "20\r\n0123456789abcdef0123456789abcdef\r\n";
/** Between two chunks. */
const PAUSE_MS = 50;

/** Without a body. */
export function bare(method: string, path: string): Shape {
  return { body: "", send: (s, fields) => s.write(`${method} ${path} HTTP/1.1\r\n${fields}\r\n`) };
}

/** With a body of known length. */
export function sized(method: string, path: string): Shape {
  const send = (s: TextSocket, fields: string): void =>
    s.write(`${method} ${path} HTTP/1.1\r\n${fields}Content-Length: ${BODY.length}\r\n\r\n${BODY}`);
  return { body: BODY, send };
}

/** With a body that comes in two chunks, the second one later. */
export function chunked(method: string, path: string): Shape {
  return {
    body: "0123456789abcdef".repeat(4),
    send(s, fields) {
      s.write(`${method} ${path} HTTP/1.1\r\n${fields}Transfer-Encoding: chunked\r\n\r\n${CHUNK}`);
      setTimeout(() => s.write(`${CHUNK}0\r\n\r\n`), PAUSE_MS);
    },
  };
}

/** Short ones, slow ones, and bodies of known and of unknown length. */
export const MIXED: readonly Shape[] = [
  bare("GET", "/echo"),
  bare("GET", "/slow"),
  sized("POST", "/echo"),
  chunked("POST", "/slow"),
];
