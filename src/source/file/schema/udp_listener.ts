import { z } from "zod";
import { toSchema } from "./action.ts";
import { duration } from "./duration.ts";
import { choice, int } from "./scalar.ts";
import { size } from "./size.ts";
import { rateSchema, socketAddress, socketKeys } from "./socket.ts";
import { protocol } from "./tcp_listener.ts";

const timeouts = z.strictObject({
  idle: duration()
    .prefault("60s")
    .describe(
      "Between two requests of a kept connection; of TCP, 1h: a session on which nothing moves, false: it is left alone; of UDP, 60s: the same",
    ),
});

/** One `listeners` entry whose datagrams are passed on. */
export const udpListenerSchema = z
  .strictObject({
    address: socketAddress,
    protocol: protocol("udp").describe("What it carries: http, tcp for any other protocol over TCP, or udp"),
    to: toSchema.describe("Of UDP: cluster that the datagrams go to, or a list with weights"),
    balance: choice("session", "packet")
      .prefault("session")
      .describe("Of UDP: session gives a client one endpoint, packet chooses one for each datagram"),
    allow: socketKeys.allow,
    deny: socketKeys.deny,
    maxSessions: int(1, 1_000_000)
      .prefault(16_384)
      .describe("Of UDP: sessions at once. Each takes a descriptor, and a sender can make up as many clients as it likes"),
    sessionRate: z
      .union([int(1, 1_000_000), rateSchema])
      .optional()
      .describe("Of UDP: new sessions a second; datagrams that would begin more are dropped. No limit when absent"),
    maxDatagram: size(1, 65_507).prefault(65_507).describe("Of UDP: bytes of a client's datagram; longer ones are dropped"),
    replies: int(1, 65_535)
      .optional()
      .describe("Of UDP: answers to each datagram after which a session ends, 1 for DNS; it lasts until it is idle when absent"),
    receiveBuffer: size(4096, 2 ** 30)
      .prefault("4MiB")
      .describe("Of UDP: bytes that wait in the socket, as far as the system lets (net.core.rmem_max)"),
    sendBuffer: size(4096, 2 ** 30)
      .optional()
      .describe("Of UDP: bytes that wait to leave, as far as the system lets (net.core.wmem_max); its default when absent"),
    timeouts: timeouts.prefault({}).describe("How long a client may take"),
  })
  .meta({ id: "UdpListener" });

export type UdpListenerConfig = z.output<typeof udpListenerSchema>;
