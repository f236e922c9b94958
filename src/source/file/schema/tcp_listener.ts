import { z } from "zod";
import { toSchema } from "./action.ts";
import { duration } from "./duration.ts";
import { type Leaf, leaf, mismatch } from "./leaf.ts";
import { listenerTlsSchema } from "./listener_tls.ts";
import { bool, int, off } from "./scalar.ts";
import { detectTimeout, sniRules } from "./sni.ts";
import { socketAddress, socketKeys } from "./socket.ts";

const PROTOCOLS = "http, tcp or udp";

/** What a listener carries; which schema reads it is decided by this key. */
export function protocol<const T extends string>(word: T): Leaf<T> {
  return leaf({ enum: [word] }, (v) => (v === word ? word : mismatch(PROTOCOLS)));
}

const timeouts = z.strictObject({
  idle: z
    .union([duration(), off()])
    .prefault("1h")
    .describe(
      "Between two requests of a kept connection; of TCP, 1h: a session on which nothing moves, false: it is left alone; of UDP, 60s: the same",
    ),
  hello: duration().prefault("10s").describe("Of TCP: for a client's TLS hello, and for the handshake with it"),
});

/** One `listeners` entry whose connections are passed on as they are. */
export const tcpListenerSchema = z
  .strictObject({
    address: socketAddress,
    protocol: protocol("tcp").describe("What it carries: http, tcp for any other protocol over TCP, or udp"),
    to: toSchema.optional().describe("Of TCP: cluster that the sessions go to, or a list with weights"),
    sni: sniRules,
    ...socketKeys,
    tls: listenerTlsSchema.optional().describe("TLS; none when absent. Of TCP: what is inside goes to the cluster"),
    detect: bool().prefault(false).describe("Of TCP, beside tls: take connections in cleartext too"),
    detectTimeout,
    connectAttempts: int(1, 16)
      .prefault(3)
      .describe("Of TCP: endpoints that are tried for one session until one takes the connection"),
    timeouts: timeouts.prefault({}).describe("How long a client may take"),
  })
  .meta({ id: "TcpListener" });

export type TcpListenerConfig = z.output<typeof tcpListenerSchema>;
