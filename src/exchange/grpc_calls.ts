import type { RouteRule } from "./site.ts";

/** Counts an ended call, by its method where the config names that. */
export function countCall({ metrics, grpc }: RouteRule, path: string, status: number): void {
  const query = path.indexOf("?");
  const method = query < 0 ? path : path.slice(0, query);
  metrics.grpc.finish(grpc.methods.has(method) ? method : "", status);
}
