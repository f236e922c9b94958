import { z } from "zod";
import { duration } from "./duration.ts";
import { int, off } from "./scalar.ts";

const keepalive = z.strictObject({
  idle: duration().prefault("30s").describe("PING after so long without a byte"),
  timeout: duration().prefault("10s").describe("The connection's end without an answer for so long"),
});

/** `http2` of a listener or a cluster. */
export const http2Schema = z
  .strictObject({
    concurrentStreams: int(1, 2 ** 31 - 1)
      .prefault(128)
      .describe("Streams that the other side may have open at once on a connection"),
    keepalive: z.union([keepalive, off()]).prefault(false).describe("PINGs on a silent connection; false: none"),
  })
  .meta({ id: "Http2" });

export type Http2Config = z.output<typeof http2Schema>;
