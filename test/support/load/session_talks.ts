import type { SessionTalk } from "./session_load.ts";
import type { TextSocket } from "./text_socket.ts";
import { CLOSE, findFrame, frameText, TEXT } from "./websocket_frames.ts";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

export const WEBSOCKET_TALK: SessionTalk = {
  open: async (s) => {
    s.write(
      `GET /socket HTTP/1.1\r\nHost: load.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`,
    );
    const { status } = await s.message({ role: "response", method: "GET" });
    if (status !== 101) throw new Error(`status ${status}`);
  },
  send: (s, payload) => s.write(frameText({ opcode: TEXT, payload }, true)),
  receive: async (s) => {
    const { opcode, payload } = await s.read("frame", findFrame);
    if (opcode !== TEXT) throw new Error(`a frame of opcode ${opcode}`);
    return payload;
  },
  close: async (s) => {
    s.write(frameText({ opcode: CLOSE, payload: "" }, true));
    const { opcode } = await s.read("frame", findFrame);
    if (opcode !== CLOSE) throw new Error(`a frame of opcode ${opcode} at the end`);
    await ended(s);
  },
};

export const TCP_TALK: SessionTalk = {
  open: async () => {},
  send: (s, message) => s.write(`${message}\n`),
  receive: (s) =>
    s.read("line", (text) => {
      const end = text.indexOf("\n");
      return end < 0 ? null : { value: text.slice(0, end), length: end + 1 };
    }),
  close: async (s) => {
    s.end();
    await ended(s);
  },
};

/** The other end closes in order, and says nothing more. */
async function ended(s: TextSocket): Promise<void> {
  await s.read("end", (text, over) => (over && text === "" ? { value: null, length: 0 } : null));
  if (s.left !== "it was closed") throw new Error(`${s.left} at the end`);
}
