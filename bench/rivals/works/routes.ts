import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openArena } from "../measure/arena.ts";
import { type RequestSpec, writeRequests } from "../measure/requests.ts";
import { interleave } from "../measure/rounds.ts";
import { Seeded } from "../measure/seeded.ts";
import type { Peer, Stage } from "../peers/peer.ts";
import type { Work } from "./work.ts";

const ROUTES_PER_HOST = 10;
const FEW_HOSTS = 1;
const MANY_HOSTS = 1_000;
/** As many different requests for both sizes, so that the load tool itself costs the same. */
const REQUESTS = 20_000;

export const FEW_ROUTES = "10 routes";
export const MANY_ROUTES = "10,000 routes";

/**
 * What a large table costs: Weir against itself. Of ten routes of a host eight have exact and prefix paths, one wants a header and one a
 * regular expression; of ten requests one wants the header, one the expression, and one finds no route (unknown hosts and paths in turn).
 */
export const ROUTES: Work = {
  name: "routes",
  title: `${MANY_ROUTES} on ${MANY_HOSTS} hosts against ${FEW_ROUTES} on one, drawn uniformly; a tenth each misses, header and regex rules`,
  metrics: ["cpu", "busy", "rate", "p50", "p99", "rss"],
  async run(peers, pace) {
    const sizes = [
      { label: FEW_ROUTES, hosts: FEW_HOSTS },
      { label: MANY_ROUTES, hosts: MANY_HOSTS },
    ];
    const arena = await openArena(peers.flatMap((p) => sizes.flatMap((s) => sized(p, s.label, s.hosts) ?? [])));
    try {
      const files = sizes.map((s) => ({ ...s, file: writeRequests(arena.directory, s.label, drawRequests(s.hosts)) }));
      const rounds = await interleave(arena.subjects, pace, (subject) => ({
        tool: "load",
        mode: "closed",
        requests: files.find((f) => subject.name.endsWith(` ${f.label}`))!.file,
        connections: 64,
        statuses: ["200", "404"],
      }));
      return { ...rounds, notes: [], logLines: Object.fromEntries(arena.subjects.map((s) => [s.name, s.logLine])) };
    } finally {
      await arena.close();
    }
  },
};

/** The name ends in a blank and the label: "10 routes" must not be taken for the end of "10,000 routes". */
function sized(peer: Peer, label: string, hosts: number): Peer | undefined {
  return peer.withConfig?.(label, (stage) => {
    const file = join(stage.directory, "weir.json");
    writeFileSync(file, JSON.stringify(config(stage, hosts)));
    return file;
  });
}

function config(s: Stage, hosts: number): object {
  const routes: object[] = [];
  for (let h = 0; h < hosts; h++) {
    for (let r = 0; r < ROUTES_PER_HOST; r++)
      routes.push({ name: `h${h}-r${r}`, hosts: [hostName(h)], match: [matchOf(r)], to: "origin" });
  }
  // What the run asks until the proxy answers.
  routes.push({ name: "ready", hosts: ["bench.test"], match: [{ path: "/" }], to: "origin" });
  return {
    name: "bench-routes",
    control: join(s.directory, "control.sock"),
    admin: { address: `127.0.0.1:${s.adminPort}` },
    listeners: { web: { address: `127.0.0.1:${s.port}`, timeouts: { idle: "5m" } } },
    routes,
    clusters: { origin: { endpoints: [`127.0.0.1:${s.originPort}`], idleTimeout: "5m" } },
    accessLog: { to: { file: "access.log" }, format: LOG_TEMPLATE },
  };
}

/** Content of `weir.yaml`'s. */
const LOG_TEMPLATE =
  "{time} {client_address} {method} {host} {path} {protocol} {status} {request_body_bytes} {response_body_bytes} {duration_ms} " +
  "{upstream_head_duration_ms} {route} {cluster} {endpoint} {flags} {request_id}";

function hostName(h: number): string {
  return `host-${h}.shop-${h % 37}.example.com`;
}

const HEADER_RULE = 8;
const REGEX_RULE = 9;

function matchOf(r: number): object {
  if (r === HEADER_RULE) return { prefix: "/tenant", headers: { "x-tenant": "acme" } };
  if (r === REGEX_RULE) return { regex: "/items/[0-9]+/(view|edit)" };
  return r % 2 === 0 ? { path: `/exact/${r}/page` } : { prefix: `/section/${r}` };
}

function drawRequests(hosts: number): RequestSpec[] {
  const random = new Seeded(7);
  return Array.from({ length: REQUESTS }, (_, i) => {
    const host = hostName(random.below(hosts));
    const kind = i % ROUTES_PER_HOST;
    if (kind === 0)
      return i % (2 * ROUTES_PER_HOST) === 0 ? { host: `no-${host}`, path: "/exact/0/page" } : { host, path: "/no/such/path" };
    if (kind === 1) return { host, path: `/tenant/${random.below(1000)}`, fields: "X-Tenant: acme\r\n" };
    if (kind === 2) return { host, path: `/items/${random.below(1_000_000)}/edit` };
    const r = random.below(HEADER_RULE);
    return { host, path: r % 2 === 0 ? `/exact/${r}/page` : `/section/${r}/${random.below(1000)}` };
  });
}
