import type { Filter, FilterExchange, Maybe, Reply } from "../../filter/types.ts";
import { isGrpc } from "../../http/grpc/content_type.ts";
import { GRPC_STATUS } from "../../http/grpc/status.ts";
import type { ResponseHead } from "../../http/head.ts";
import type { AdmissionGate, Waiting } from "./admission_gate.ts";

/** Statuses of gRPC by which an upstream says that it, and not the caller, is in trouble (Envoy's default). */
const TROUBLE: ReadonlySet<number> = new Set([
  GRPC_STATUS.deadlineExceeded,
  GRPC_STATUS.resourceExhausted,
  GRPC_STATUS.aborted,
  GRPC_STATUS.internal,
  GRPC_STATUS.unavailable,
  GRPC_STATUS.dataLoss,
]);

/** One request at the gate. */
export class AdmissionFilter implements Filter {
  readonly #gate: AdmissionGate;
  #waiting: Waiting | null = null;
  /** It was let in, and what becomes of it counts; once. */
  #counts = false;
  #grpc = false;

  constructor(gate: AdmissionGate) {
    this.#gate = gate;
  }

  onRequest(x: FilterExchange): Maybe<Reply | null> {
    const gate = this.#gate;
    this.#grpc = isGrpc(x.request.fields);
    const drawn = gate.draw();
    if (drawn === null) {
      this.#counts = true;
      return null;
    }
    if (!gate.waits) return gate.reply(x);
    return new Promise((resolve) => {
      this.#waiting = gate.wait(drawn, (letIn) => {
        this.#waiting = null;
        this.#counts = letIn;
        resolve(letIn ? null : gate.reply(x));
      });
    });
  }

  onResponse(_x: FilterExchange, head: ResponseHead): void {
    if (!this.#counts || this.#grpc) return;
    this.#counts = false;
    this.#gate.record(head.status < 500);
  }

  /** A call of gRPC tells how it went at its end. One that its client gave up says nothing. */
  onDone(x: FilterExchange): void {
    if (this.#waiting !== null) this.#gate.leave(this.#waiting);
    if (!this.#counts || x.status === 0 || x.grpcStatus === GRPC_STATUS.cancelled) return;
    if (x.grpcStatus >= 0) this.#gate.record(!TROUBLE.has(x.grpcStatus));
    else this.#gate.record(x.status < 500);
  }
}
