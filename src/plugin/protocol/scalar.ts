import { z } from "zod";

/** A count or a number of something: an integer from `min`, exact in a double. */
export function whole(min = 0, max = Number.MAX_SAFE_INTEGER): z.ZodInt {
  return z.int().min(min).max(max);
}

/** Text that is not empty. */
export function text(): z.ZodString {
  return z.string().min(1);
}

export function exchange(): z.ZodInt {
  return whole(0).describe("The exchange, on this connection to this process");
}

export function settings(): z.ZodInt {
  return whole(0).describe("Number of the settings of the use, as `configure` told them; 0: those of `initialize`");
}

export function deadline(): z.ZodInt {
  return whole(1).describe("Milliseconds that the host waits for the answer");
}

/** Any JSON value. */
export function anything(): z.ZodUnknown {
  return z.unknown();
}
