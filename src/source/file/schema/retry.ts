import { z } from "zod";
import { duration } from "./duration.ts";
import { method } from "./match.ts";
import { retryReasonSchema } from "./retry_reason.ts";
import { bool, int, off } from "./scalar.ts";
import { size } from "./size.ts";

const attempts = int(1, 16);

const backoff = z.strictObject({
  base: duration().prefault("25ms").describe("The longest wait before the first retry; each further one may wait twice as long"),
  max: duration().optional().describe("The longest wait before any retry; 10 times base when absent"),
});

const settings = z.strictObject({
  attempts: attempts.prefault(1).describe("Tries after the first"),
  on: z
    .union([retryReasonSchema, z.array(retryReasonSchema).min(1)])
    .prefault(["connectFailure", "refusedStream", "reset"])
    .describe(
      "Reasons: connectFailure, reset, refusedStream, timeout, gatewayError (502 to 504), retriable4xx (409), statuses such as 503 or 5xx, grpc:unavailable, { header: NAME } of the reply",
    ),
  methods: z
    .array(method)
    .min(1)
    .optional()
    .describe("Methods that are tried again once something was sent; those that RFC 9110 9.2.2 calls idempotent when absent"),
  perTry: duration().optional().describe("How long one try may take, to the head of its reply; no limit of its own when absent"),
  backoff: backoff.prefault({}).describe("Waits between tries, of which chance takes a part"),
  retryAfter: z
    .union([duration(), off()])
    .prefault(false)
    .describe("Wait as long as Retry-After or X-RateLimit-Reset of a reply says, up to so long; false: don't look at them"),
  otherHost: bool().prefault(true).describe("Prefer an endpoint that was not tried"),
  buffer: size(0, 2 ** 30)
    .prefault("64KiB")
    .describe("Bytes of a request's body that are kept for another try; longer ones are not tried again"),
});

/** `retry` of a route: tries after the first, or all that can be said. */
export const retrySchema = z.union([attempts, settings, off()]);

export type RetryConfig = z.output<typeof retrySchema>;
export type RetrySettings = z.output<typeof settings>;

/** What `retry` is of which only the number of tries is given. */
export function retryOf(count: number): RetrySettings {
  return settings.parse({ attempts: count });
}
