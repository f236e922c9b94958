import { localFault, type ProxyError } from "../base/error.ts";
import type { DownstreamConn } from "./downstream_conn.ts";
import type { RequestShedding } from "./site.ts";

const OVERLOADED = localFault("overloaded", 503, "the process is under too much pressure for new requests");

/** Gives up of a request what the pressure on the process asks for; not null: it is refused. */
export function shed(shedding: RequestShedding, down: DownstreamConn): ProxyError | null {
  const { step } = shedding;
  if (step === 0) return null;
  shedding.count(1);
  down.drain("announce");
  if (step === 1) return null;
  shedding.count(2);
  return OVERLOADED;
}
