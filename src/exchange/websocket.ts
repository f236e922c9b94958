import { encodeLatin1 } from "../base/bytes.ts";
import { sha1 } from "../base/sha1.ts";

export const WEBSOCKET_KEY = "sec-websocket-key";
export const WEBSOCKET_ACCEPT = "sec-websocket-accept";
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** A fresh Sec-WebSocket-Key: 16 random bytes in base64 (RFC 6455 4.1). */
export function websocketKey(): string {
  return base64(crypto.getRandomValues(new Uint8Array(16)));
}

/** The Sec-WebSocket-Accept that answers a key (RFC 6455 4.2.2). */
export function websocketAccept(key: string): string {
  return base64(sha1(encodeLatin1(key + GUID)));
}

function base64(b: Uint8Array): string {
  return btoa(String.fromCharCode(...b));
}
