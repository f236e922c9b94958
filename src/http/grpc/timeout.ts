/** Milliseconds of each unit of grpc-timeout (grpc/doc/PROTOCOL-HTTP2.md), and of the smaller ones how many make a millisecond. */
const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1 };
const UNITS_A_MS: Readonly<Record<string, number>> = { u: 1000, n: 1_000_000 };
const MOST = 99_999_999;

/**
 * Milliseconds of a grpc-timeout such as `100m`, rounded up; null: it is malformed, and then no deadline is known. Zero is no positive
 * integer, but it is what clients send whose deadline has passed.
 */
export function parseGrpcTimeout(text: string): number | null {
  const m = /^([0-9]{1,8})([HMSmun])$/.exec(text);
  if (m === null) return null;
  const count = Number(m[1]);
  const unit = m[2]!;
  return unit === "u" || unit === "n" ? Math.ceil(count / UNITS_A_MS[unit]!) : count * UNIT_MS[unit]!;
}

/** A grpc-timeout of whole milliseconds, in the finest unit whose eight digits hold it, never longer than `ms`. */
export function formatGrpcTimeout(ms: number): string {
  for (const unit of ["m", "S", "M"]) {
    const count = Math.floor(ms / UNIT_MS[unit]!);
    if (count <= MOST) return `${count}${unit}`;
  }
  return `${Math.min(Math.floor(ms / UNIT_MS["H"]!), MOST)}H`;
}
