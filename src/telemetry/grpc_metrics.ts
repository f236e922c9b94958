import type { CellSpec, CounterVector, Numbers } from "./numbers.ts";

/** Codes of gRPC as they stand on the wire (grpc/doc/statuscodes.md). */
const STATUS_CELLS: CellSpec = { label: "grpc_status", names: Array.from({ length: 17 }, (_, i) => String(i)) };

const HELP = "Requests of gRPC ended, by the status that the client was told";

/** Requests of gRPC of one route. Methods are those that the config names: what clients send makes no label. */
export class GrpcMetrics {
  readonly #n: Numbers;
  readonly #route: string;
  readonly #methods: Map<string, CounterVector> = new Map();

  constructor(n: Numbers, route: string) {
    this.#n = n;
    this.#route = route;
  }

  /** `method` is a path that the config names, or ""; `status` is 0 to 16. */
  finish(method: string, status: number): void {
    let counts = this.#methods.get(method);
    if (counts === undefined) {
      counts = this.#n.vector("weir_grpc_requests_total", HELP, STATUS_CELLS, { route: this.#route, method }, "never");
      this.#methods.set(method, counts);
    }
    counts.add(status, 1);
  }
}
