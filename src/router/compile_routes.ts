import type { RouteTableSpec } from "../config/model.ts";
import { hostKey, portOf } from "../http/authority.ts";
import { Candidate } from "./candidate.ts";
import { explainMatch } from "./explain_match.ts";
import { type HostPattern, readHostPattern } from "./host_pattern.ts";
import { type HostLink, HostTable, WildHosts } from "./host_table.ts";
import { PathIndex } from "./path_index.ts";
import type { BindRoute, RouteInput, RouteMatch, RouteTable } from "./types.ts";

/** Builds the frozen table of a route table's spec. `bind` is called once for each route that some host leads to. */
export function compileRoutes<Rule>(table: RouteTableSpec, bind: BindRoute<Rule>): RouteTable<Rule> {
  return new TableBuilder(table, bind).build();
}

class CompiledRoutes<Rule> implements RouteTable<Rule> {
  readonly #anyPort: HostTable<Rule>;
  /** Tables of the ports that some pattern names; null when none does. */
  readonly #byPort: ReadonlyMap<number, HostTable<Rule>> | null;

  constructor(anyPort: HostTable<Rule>, byPort: ReadonlyMap<number, HostTable<Rule>>) {
    this.#anyPort = anyPort;
    this.#byPort = byPort.size === 0 ? null : byPort;
  }

  match(i: RouteInput): RouteMatch<Rule> | null {
    const head = i.head;
    const path = head.path;
    const query = path.indexOf("?");
    const end = query < 0 ? path.length : query;
    for (let link = this.#firstHost(i); link !== null; link = link.next) {
      const winner = link.routes.find(path, end, head);
      if (winner !== null) return winner.answer;
    }
    return null;
  }

  explain(i: RouteInput): readonly string[] {
    return explainMatch(i.head, this.#firstHost(i));
  }

  #firstHost(i: RouteInput): HostLink<Rule> | null {
    const { authority, scheme } = i.head;
    let hosts = this.#anyPort;
    if (this.#byPort !== null) {
      const given = portOf(authority);
      const port = given >= 0 ? given : scheme === "https" ? 443 : 80;
      hosts = this.#byPort.get(port) ?? hosts;
    }
    return hosts.find(hostKey(authority));
  }
}

/** A host pattern and the numbers of the virtual hosts that list it, in the order of the file. */
interface HostEntry {
  readonly pattern: HostPattern;
  readonly name: string;
  readonly owners: number[];
}

class TableBuilder<Rule> {
  readonly #table: RouteTableSpec;
  readonly #candidates: Candidate<Rule>[][];
  readonly #hosts = new Map<string, HostEntry>();
  /** Hosts with the same routes share one index. */
  readonly #indexes = new Map<string, PathIndex<Rule>>();

  constructor(table: RouteTableSpec, bind: BindRoute<Rule>) {
    this.#table = table;
    let order = 0;
    this.#candidates = table.virtualHosts.map((host) =>
      host.routes.flatMap((route) => {
        const rule = bind(route);
        return route.match.map((m) => new Candidate(route, m, order++, rule));
      }),
    );
    for (let owner = 0; owner < table.virtualHosts.length; owner++) {
      for (const name of table.virtualHosts[owner]!.hosts) this.#enter(name, owner);
    }
  }

  build(): RouteTable<Rule> {
    const ports = new Set<number>();
    for (const h of this.#hosts.values()) if (h.pattern.port >= 0) ports.add(h.pattern.port);
    const byPort = new Map<number, HostTable<Rule>>();
    for (const p of ports) byPort.set(p, this.#tableOf(p));
    return new CompiledRoutes(this.#tableOf(-1), byPort);
  }

  #enter(name: string, owner: number): void {
    const pattern = readHostPattern(name);
    const key = keyOf(pattern.kind, pattern.host, pattern.port);
    const entry = this.#hosts.get(key);
    if (entry === undefined) this.#hosts.set(key, { pattern, name, owners: [owner] });
    // Under "listed" a host belongs to the first that lists it.
    else if (this.#table.order === "specificity" && !entry.owners.includes(owner)) entry.owners.push(owner);
  }

  /** Hosts as they are seen on one port: a pattern with that port goes before the same one without. */
  #tableOf(port: number): HostTable<Rule> {
    const wild = new WildHosts(this.#chain("any", "", port, null));
    const suffixes = this.#namesOf("wildcard", port).sort((a, b) => a.length - b.length);
    for (const s of suffixes) {
      // Shorter suffixes are in place already, so the next link of this one is found among them.
      const link = this.#chain("wildcard", s, port, wild.find(s));
      if (link !== null) wild.add(s, link);
    }
    const exact = new Map<string, HostLink<Rule>>();
    for (const h of this.#namesOf("exact", port)) {
      const link = this.#chain("exact", h, port, wild.find(h));
      if (link !== null) exact.set(h, link);
    }
    return new HostTable(exact, wild);
  }

  #namesOf(kind: HostPattern["kind"], port: number): string[] {
    const names = new Set<string>();
    for (const { pattern: p } of this.#hosts.values()) {
      if (p.kind === kind && (p.port < 0 || p.port === port)) names.add(p.host);
    }
    return [...names];
  }

  #chain(kind: HostPattern["kind"], host: string, port: number, next: HostLink<Rule> | null): HostLink<Rule> | null {
    let link = next;
    for (const p of port < 0 ? [-1] : [-1, port]) {
      const entry = this.#hosts.get(keyOf(kind, host, p));
      if (entry === undefined) continue;
      link = { pattern: entry.name, routes: this.#indexOf(entry), next: this.#table.order === "listed" ? null : link };
    }
    return link;
  }

  #indexOf(entry: HostEntry): PathIndex<Rule> {
    const key = entry.owners.join();
    let index = this.#indexes.get(key);
    if (index === undefined) {
      index = new PathIndex(
        entry.owners.flatMap((o) => this.#candidates[o]!),
        this.#table.order,
      );
      this.#indexes.set(key, index);
    }
    return index;
  }
}

function keyOf(kind: HostPattern["kind"], host: string, port: number): string {
  return `${kind} ${host} ${port}`;
}
