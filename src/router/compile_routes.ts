import type { RouteSpec, RouteTableSpec } from "../config/model.ts";
import { hostKey, portOf } from "../http/authority.ts";
import { Candidate } from "./candidate.ts";
import { explainMatch } from "./explain_match.ts";
import { type HostPattern, readHostPattern } from "./host_pattern.ts";
import { type HostLink, HostTable, WildHosts } from "./host_table.ts";
import type { PathTable } from "./path_table.ts";
import { PathTableBuilder } from "./path_table_builder.ts";
import type { BindRoute, RouteInput, RouteMatch, RouteTable } from "./types.ts";

/** Builds the frozen table of a route table's spec. `bind` is called once for each route, under however many hosts it stands. */
export function compileRoutes<Rule>(table: RouteTableSpec, bind: BindRoute<Rule>): RouteTable<Rule> {
  return new TableBuilder(table, bind).build();
}

/** What a request reads. The hosts' links stand in two arrays of numbers, as the paths do and for the same reason. */
class CompiledRoutes<Rule> implements RouteTable<Rule> {
  readonly #anyPort: HostTable;
  /** Tables of the ports that some pattern names; null when none does. */
  readonly #byPort: ReadonlyMap<number, HostTable> | null;
  readonly #links: readonly HostLink[];
  readonly #indexOf: Int32Array;
  readonly #nextOf: Int32Array;
  readonly #paths: PathTable<Rule>;
  readonly #listed: boolean;
  readonly #sorted: readonly (readonly Candidate<Rule>[])[];

  constructor(
    anyPort: HostTable,
    byPort: ReadonlyMap<number, HostTable>,
    links: readonly HostLink[],
    paths: PathTable<Rule>,
    sorted: readonly (readonly Candidate<Rule>[])[],
    listed: boolean,
  ) {
    this.#anyPort = anyPort;
    this.#byPort = byPort.size === 0 ? null : byPort;
    this.#links = links;
    this.#indexOf = Int32Array.from(links, (l) => l.index);
    this.#nextOf = Int32Array.from(links, (l) => l.next);
    this.#paths = paths;
    this.#sorted = sorted;
    this.#listed = listed;
  }

  match(i: RouteInput): RouteMatch<Rule> | null {
    const head = i.head;
    const path = head.path;
    const query = path.indexOf("?");
    const end = query < 0 ? path.length : query;
    for (let link = this.#firstHost(i); link >= 0; link = this.#nextOf[link]!) {
      const answer = this.#paths.find(this.#indexOf[link]!, path, end, head);
      if (answer !== null) return answer;
    }
    return null;
  }

  explain(i: RouteInput): readonly string[] {
    const hosts = [];
    for (let link = this.#firstHost(i); link >= 0; link = this.#nextOf[link]!) {
      const { pattern, index } = this.#links[link]!;
      hosts.push({ pattern, candidates: this.#sorted[index]! });
    }
    return explainMatch(i.head, hosts, this.#listed);
  }

  #firstHost(i: RouteInput): number {
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
  readonly #indexes = new Map<string, number>();
  readonly #links: HostLink[] = [];
  readonly #paths: PathTableBuilder<Rule>;

  constructor(table: RouteTableSpec, bind: BindRoute<Rule>) {
    this.#table = table;
    let order = 0;
    const rules = new Map<RouteSpec, Rule>();
    this.#candidates = table.virtualHosts.map((host) =>
      host.routes.flatMap((route) => {
        const rule = rules.get(route) ?? bind(route);
        rules.set(route, rule);
        return route.match.map((m) => new Candidate(route, m, order++, rule));
      }),
    );
    const folded = this.#candidates.some((list) => list.some((c) => c.ignoreCase));
    this.#paths = new PathTableBuilder(table.order, folded);
    for (let owner = 0; owner < table.virtualHosts.length; owner++) {
      for (const name of table.virtualHosts[owner]!.hosts) this.#enter(name, owner);
    }
  }

  build(): RouteTable<Rule> {
    const ports = new Set<number>();
    for (const h of this.#hosts.values()) if (h.pattern.port >= 0) ports.add(h.pattern.port);
    const byPort = new Map<number, HostTable>();
    for (const p of ports) byPort.set(p, this.#tableOf(p));
    const anyPort = this.#tableOf(-1);
    const { sorted } = this.#paths;
    return new CompiledRoutes(anyPort, byPort, this.#links, this.#paths.build(), sorted, this.#table.order === "listed");
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
  #tableOf(port: number): HostTable {
    const wild = new WildHosts(this.#link("any", "", port, -1));
    const suffixes = this.#namesOf("wildcard", port).sort((a, b) => a.length - b.length);
    // Shorter suffixes are in place already, so the next link of a longer one is found among them.
    for (const s of suffixes) wild.add(s, this.#link("wildcard", s, port, wild.find(s)));
    const exact = new Map<string, number>();
    for (const h of this.#namesOf("exact", port)) exact.set(h, this.#link("exact", h, port, wild.find(h)));
    return new HostTable(exact, wild);
  }

  #namesOf(kind: HostPattern["kind"], port: number): string[] {
    const names = new Set<string>();
    for (const { pattern: p } of this.#hosts.values()) {
      if (p.kind === kind && (p.port < 0 || p.port === port)) names.add(p.host);
    }
    return [...names];
  }

  #link(kind: HostPattern["kind"], host: string, port: number, next: number): number {
    let link = next;
    for (const p of port < 0 ? [-1] : [-1, port]) {
      const entry = this.#hosts.get(keyOf(kind, host, p));
      if (entry === undefined) continue;
      const after = this.#table.order === "listed" ? -1 : link;
      link = this.#links.push({ pattern: entry.name, index: this.#indexOf(entry), next: after }) - 1;
    }
    return link;
  }

  #indexOf(entry: HostEntry): number {
    const key = entry.owners.join();
    let index = this.#indexes.get(key);
    if (index === undefined) {
      index = this.#paths.add(entry.owners.flatMap((o) => this.#candidates[o]!));
      this.#indexes.set(key, index);
    }
    return index;
  }
}

function keyOf(kind: HostPattern["kind"], host: string, port: number): string {
  return `${kind} ${host} ${port}`;
}
