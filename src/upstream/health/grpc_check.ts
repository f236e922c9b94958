import { concatBytes } from "../../base/bytes.ts";
import type { HealthCheckSpec } from "../../config/traffic_model.ts";
import type { StreamWriter } from "../../http/codec.ts";
import type { Fields } from "../../http/fields.ts";
import { isGrpc } from "../../http/grpc/content_type.ts";
import { GRPC_STATUS, grpcStatusIn } from "../../http/grpc/status.ts";
import type { RequestHead, ResponseHead } from "../../http/head.ts";
import { decodeHealthResponse, encodeHealthRequest, SERVING, servingText } from "./grpc_health.ts";
import { checkHead } from "./http_check.ts";
import type { ProbeOwner } from "./probe.ts";
import { StreamCheck } from "./stream_check.ts";

export type GrpcProbeSpec = Extract<HealthCheckSpec["probe"], { kind: "grpc" }>;

/** Bytes of an answer that are looked at: it has one number. */
const MESSAGE_BYTES = 1024;

const PATH = "/grpc.health.v1.Health/Check";
const HEADERS = [
  ["content-type", "application/grpc"],
  ["te", "trailers"],
] as const;

/** One call of grpc.health.v1.Health/Check (grpc/doc/health-checking.md). */
export class GrpcCheck extends StreamCheck {
  readonly #spec: GrpcProbeSpec;
  readonly #authority: string;
  #head: ResponseHead | null = null;
  #message: Uint8Array[] = [];
  #bytes = 0;

  constructor(owner: ProbeOwner, spec: GrpcProbeSpec, authority: string) {
    super(owner);
    this.#spec = spec;
    this.#authority = spec.authority ?? authority;
  }

  protected ask(w: StreamWriter<RequestHead>): void {
    w.sendHead({ ...checkHead("POST", PATH, this.#authority, HEADERS), contentLength: -1 }, false);
    w.sendData(encodeHealthRequest(this.#spec.service), true);
  }

  protected head(h: ResponseHead): void {
    this.#head = h;
  }

  protected data(b: Uint8Array): void {
    this.#bytes += b.length;
    if (this.#bytes <= MESSAGE_BYTES) this.#message.push(b);
  }

  protected verdict(trailers: Fields | null): string {
    const { status, fields } = this.#head!;
    if (status !== 200) return `status ${status}`;
    if (!isGrpc(fields)) return "the reply is not gRPC";
    const code = grpcStatusIn(trailers ?? fields);
    if (code < 0) return "the reply has no grpc-status";
    if (code === GRPC_STATUS.unimplemented) return "it has no service grpc.health.v1.Health (grpc-status 12)";
    if (code !== 0) return `grpc-status ${code}`;
    const serving = this.#bytes > MESSAGE_BYTES ? null : decodeHealthResponse(concatBytes(this.#message));
    if (serving === null) return "the reply is no HealthCheckResponse";
    return serving === SERVING ? "" : servingText(serving);
  }
}
