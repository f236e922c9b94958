import type { Cluster } from "../upstream/types.ts";
import { type CallEnv, ClusterCall } from "./cluster_call.ts";
import { readOutgoing } from "./outgoing.ts";

/**
 * `fetch` whose URL names a cluster of the config: `cluster://NAME/path?query`. All else is as with the runtime's own `fetch`, but for what
 * an edge does better itself: redirects are not followed, bodies are not decoded, and nothing is cached.
 */
export async function fetchCluster(
  clusters: ReadonlyMap<string, Cluster>,
  env: CallEnv,
  input: string | URL | Request,
  init: RequestInit = {},
): Promise<Response> {
  const text = input instanceof Request ? input.url : String(input);
  const m = /^cluster:\/\/([^/?#]+)(\/[^?#]*)?(\?[^#]*)?(?:#.*)?$/.exec(text);
  if (m === null)
    throw new TypeError(`write the URL as cluster://NAME/path: found ${JSON.stringify(text)}; fetch() is for other places`);
  const name = decodeURIComponent(m[1]!);
  const cluster = clusters.get(name);
  if (cluster === undefined) {
    const known = [...clusters.keys()].map((c) => JSON.stringify(c)).join(", ");
    throw new TypeError(
      `name a cluster of the config: found ${JSON.stringify(name)}, wanted one of ${known === "" ? "none" : known}`,
    );
  }
  const outgoing = readOutgoing(input, init, encodePath(`${m[2] ?? "/"}${m[3] ?? ""}`), env.authority);
  outgoing.signal?.throwIfAborted();
  return await new ClusterCall(env, cluster, outgoing).start();
}

/** What a request target must not hold (RFC 9112 3.2), as a URL has it. */
function encodePath(path: string): string {
  return path.replace(/[\x00-\x20"<>\x7f-\uffff]+/g, (s) => encodeURIComponent(s));
}
