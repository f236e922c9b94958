import { connect } from "node:net";
import { within } from "./deadline.ts";
import type { Message } from "./message.ts";
import { RawPeer } from "./raw_peer.ts";

/** A port on 127.0.0.1, a host and a port, or a unix socket. */
export type Target = number | { readonly host: string; readonly port: number } | { readonly path: string };

/** Connects; rejects when refused or after `ms` milliseconds. */
export function openClient(to: Target, ms = 5000): Promise<RawPeer> {
  const at = typeof to === "number" ? { host: "127.0.0.1", port: to } : to;
  const socket = connect({ ...at, allowHalfOpen: true });
  return within(
    `a connection to ${JSON.stringify(at)}`,
    ms,
    new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.removeListener("error", reject);
        resolve(new RawPeer(socket));
      });
    }),
  );
}

/** Sends `bytes` on a new connection and gives the one reply. */
export async function ask(to: Target, bytes: string, method = "GET"): Promise<Message> {
  using client = await openClient(to);
  await client.send(bytes);
  return await client.response(method);
}

/** GET on a connection of its own that both ends then close. */
export function get(to: Target, path: string, host = "test.example", ...fields: string[]): Promise<Message> {
  return ask(to, [`GET ${path} HTTP/1.1`, `Host: ${host}`, "Connection: close", ...fields, "", ""].join("\r\n"));
}
