import { z } from "zod";
import type { RetryReason } from "../../../config/traffic_model.ts";
import { nearMiss } from "../../../telemetry/near_miss.ts";
import { headerName } from "./header.ts";
import { type Leaf, leaf, mismatch, Refusal, refuse } from "./leaf.ts";
import { readStatusRange } from "./status_range.ts";

const WORDS: ReadonlyMap<string, RetryReason> = new Map<string, RetryReason>([
  ["connectFailure", { kind: "connectFailure" }],
  ["reset", { kind: "reset" }],
  ["refusedStream", { kind: "refusedStream" }],
  ["timeout", { kind: "timeout" }],
  ["gatewayError", { kind: "status", from: 502, to: 504 }],
  // As Envoy has it: a conflict may be gone the next time, nothing else of a client's errors is.
  ["retriable4xx", { kind: "status", from: 409, to: 409 }],
]);

/** grpc/doc/statuscodes.md */
const GRPC_NAMES = [
  "ok",
  "cancelled",
  "unknown",
  "invalidArgument",
  "deadlineExceeded",
  "notFound",
  "alreadyExists",
  "permissionDenied",
  "resourceExhausted",
  "failedPrecondition",
  "aborted",
  "outOfRange",
  "unimplemented",
  "internal",
  "unavailable",
  "dataLoss",
  "unauthenticated",
] as const;

const WANTED = `one of ${[...WORDS.keys()].join(", ")}, a status such as 503 or "5xx", "grpc:unavailable"`;

/** One reason to try again. */
export const retryReasonSchema = z.union([word(), z.strictObject({ header: headerName().describe("The reply has this field") })]);

export type RetryReasonConfig = z.output<typeof retryReasonSchema>;

/** 0 to 16, by name in any spelling or by number; null: no status of gRPC. */
export function grpcStatusNamed(s: string): number | null {
  if (/^[0-9]{1,2}$/.test(s)) return Number(s) < GRPC_NAMES.length ? Number(s) : null;
  const at = GRPC_NAMES.findIndex((name) => fold(name) === fold(s));
  return at < 0 ? null : at;
}

function word(): Leaf<RetryReason> {
  const json = {
    anyOf: [{ enum: [...WORDS.keys()] }, { type: "integer" }, { type: "string", pattern: "^[0-9]|^grpc:|\\$\\{" }],
    examples: ["connectFailure", "5xx", "grpc:unavailable"],
  };
  return leaf(json, (v) => {
    const status = readStatusRange(v);
    if (status instanceof Refusal) return status;
    if (status !== null) return { kind: "status", from: status[0], to: status[1] };
    if (typeof v !== "string") return mismatch(WANTED);
    if (v.startsWith("grpc:")) return readGrpc(v);
    return WORDS.get(v) ?? mismatch(WANTED, hintFor(v));
  });
}

function readGrpc(v: string): RetryReason | Refusal {
  const name = v.slice("grpc:".length);
  const status = grpcStatusNamed(name);
  // A call that went well needs no other.
  if (status !== null && status > 0) return { kind: "grpc", status };
  const near = nearMiss(name, GRPC_NAMES.slice(1));
  return refuse(
    `name a status of gRPC: found ${JSON.stringify(v)}, wanted one of ${GRPC_NAMES.slice(1).join(", ")}, or 1 to 16`,
    near === "" ? "" : `did you mean "grpc:${near}"?`,
  );
}

/** Envoy's words have dashes. */
function hintFor(v: string): string {
  const words = [...WORDS.keys()];
  const near = words.find((w) => fold(w) === fold(v)) ?? (grpcStatusNamed(v) === null ? nearMiss(v, words) : `grpc:${v}`);
  return near === "" ? "" : `did you mean ${JSON.stringify(near)}?`;
}

function fold(s: string): string {
  return s.toLowerCase().replaceAll(/[-_]/g, "");
}
