import { NO_BYTES } from "../../base/bytes.ts";
import { localFault } from "../../base/error.ts";
import type { FaultSpec } from "../../config/traffic_model.ts";
import { errorReply, grpcReply } from "../../exchange/reply.ts";
import type { Filter, FilterEnv, FilterExchange, FilterFactory, Reply } from "../../filter/types.ts";
import { isGrpc } from "../../http/grpc/content_type.ts";
import { FaultFilter } from "./fault_filter.ts";

/** Says for each request whether it meets a fault, and which. */
export class FaultFactory implements FilterFactory {
  readonly env: FilterEnv;
  /** Requests that are held back now. */
  active = 0;
  readonly #spec: FaultSpec;

  constructor(spec: FaultSpec, env: FilterEnv) {
    this.#spec = spec;
    this.env = env;
  }

  open({ request }: FilterExchange): Filter | null {
    const { delay, abort, headers, maxActive } = this.#spec;
    for (const { name, value } of headers) if (request.fields.get(name) !== value) return null;
    // Beyond the bound nothing is done to a request, so that what a test breaks stays bounded.
    if (this.active >= maxActive) return null;
    const delayMs = delay !== null && this.env.random() < delay.share ? delay.ms : 0;
    const aborts = abort !== null && this.env.random() < abort.share;
    return delayMs > 0 || aborts ? new FaultFilter(this, delayMs, aborts) : null;
  }

  /** What an aborted request is answered with. */
  reply({ request }: FilterExchange): Reply {
    const { status, grpcStatus } = this.#spec.abort!;
    const wall = this.env.wallNow();
    const grpc = isGrpc(request.fields);
    const reply =
      grpc && grpcStatus !== null
        ? grpcReply(grpcStatus, status, NO_BYTES, wall)
        : errorReply(localFault("faultInjected", status, "a fault was asked for"), wall, grpc);
    return { ...reply, code: "faultInjected" };
  }
}
