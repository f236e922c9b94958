import { z } from "zod";
import { duration } from "./duration.ts";
import { headerName } from "./header.ts";
import { int, text } from "./scalar.ts";
import { share } from "./share.ts";

/** Settings of the filter `fault`. */
export const faultSchema = z.strictObject({
  delay: z
    .strictObject({
      for: duration().describe("How long a request waits"),
      share: share().prefault("100%").describe("Part of the requests that wait"),
    })
    .optional()
    .describe("Hold requests back; none when absent"),
  abort: z
    .strictObject({
      status: int(200, 599, "a final status from 200 to 599").prefault(503).describe("Status of the answer"),
      grpcStatus: int(1, 16).optional().describe("grpc-status of the answer to a request of gRPC; what fits status when absent"),
      share: share().prefault("100%").describe("Part of the requests that are answered so"),
    })
    .optional()
    .describe("Answer requests at once; none when absent"),
  headers: z.record(headerName(), text()).optional().describe("Only requests with all these fields; all requests when absent"),
  maxActive: int(1, 2 ** 31 - 1)
    .optional()
    .describe("Requests that are held back at once; no bound when absent"),
});

export type FaultConfig = z.output<typeof faultSchema>;
