import { z } from "zod";
import { duration } from "./duration.ts";
import { int } from "./scalar.ts";
import { share } from "./share.ts";
import { size } from "./size.ts";

/** What Weir gives up under pressure. */
export const overloadSchema = z.strictObject({
  heap: size(16 * 1024 * 1024)
    .optional()
    .describe("Resident memory of a process at which its pressure is 100%; not looked at when absent"),
  loopDelay: duration()
    .optional()
    .describe("Delay of a process's event loop at which its pressure is 100%; not looked at when absent"),
  connections: int(1, 2 ** 31 - 1)
    .optional()
    .describe("Client connections in all at which pressure is 100%; not looked at when absent"),
  stopKeepAlive: share().prefault("80%").describe("From this pressure on replies close their connections"),
  refuseRequests: share().prefault("90%").describe("From this pressure on new requests and streams get 503"),
  refuseConnections: share().prefault("95%").describe("From this pressure on new connections are closed at once"),
});

export type OverloadConfig = z.output<typeof overloadSchema>;
