import { fetchCluster } from "../handler/fetch_cluster.ts";
import type { Conn } from "../platform/types.ts";
import type { Cluster, LeaseClient } from "../upstream/types.ts";
import type { LinkEnv } from "../wire/link.ts";

/** `fetch` through the clusters of the config, `cluster://NAME/path`, for requests that are no client's. */
export type OwnFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Upstreams that are told of a client hear of none. */
const NOBODY: LeaseClient = {
  conn: {
    info: { id: 0, local: { kind: "unix", path: "" }, remote: { kind: "unix", path: "" } },
  } as unknown as Conn,
  serverName: "",
  whenGone: () => {},
};
const HEAD_MS = 60_000;
const IDLE_MS = 60_000;

/** `clusters`: those in force when it is asked. */
export function ownFetch(link: LinkEnv, clusters: () => ReadonlyMap<string, Cluster>): OwnFetch {
  const calls = { link, client: NOBODY, authority: "", headMs: HEAD_MS, idleMs: IDLE_MS };
  return (input, init) => fetchCluster(clusters(), calls, input, init);
}
