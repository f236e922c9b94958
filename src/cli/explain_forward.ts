import type { ForwardSpec, Model } from "../config/model.ts";
import type { RetryReason } from "../config/traffic_model.ts";
import type { RequestHead } from "../http/head.ts";
import { isIdempotent } from "../http/methods.ts";
import { share } from "./explain_chain.ts";
import { explainCluster, hashKeyText } from "./explain_cluster.ts";

/** Where a request goes, by which policy, and what is done when it fails; in sentences. */
export function explainForward(action: ForwardSpec, clusters: Model["clusters"], head: RequestHead): string[] {
  const sum = action.to.reduce((n, t) => n + t.weight, 0);
  const then = action.to.map(
    (t) => `goes to cluster ${JSON.stringify(t.cluster)}${action.to.length === 1 ? "" : `, ${share(t.weight, sum)} of the time`}`,
  );
  if (action.sticky !== null && action.to.length > 1)
    then.push(`goes to the same one each time for the same ${hashKeyText(action.sticky.on)}`);
  const told = new Set<string>();
  for (const t of action.to) {
    const spec = clusters.get(t.cluster);
    if (spec !== undefined) told.add(explainCluster(spec, t, action.hash));
  }
  then.push(...told);
  if (action.priority === "high") then.push("counts against the breakers of high priority");
  if (action.retry !== null) then.push(retryText(action.retry.attempts, action.retry.on));
  if (action.hedge !== null)
    then.push(
      isIdempotent(head.method)
        ? `is sent once more beside the first after ${action.hedge.afterMs} ms`
        : `is not hedged: ${head.method} is not idempotent`,
    );
  for (const m of action.mirrors)
    then.push(`is copied to cluster ${JSON.stringify(m.cluster)}, ${share(m.share, 1)} of the time`);
  return then;
}

function retryText(attempts: number, on: readonly RetryReason[]): string {
  return `is tried again ${attempts === 1 ? "once" : `up to ${attempts} times`} after ${on.map(reasonText).join(", ")}`;
}

function reasonText(r: RetryReason): string {
  switch (r.kind) {
    case "status":
      return r.from === r.to ? `status ${r.from}` : `status ${r.from} to ${r.to}`;
    case "grpc":
      return `gRPC status ${r.status}`;
    case "header":
      return `a reply with ${r.name}`;
    default:
      return r.kind;
  }
}
