/**
 * Nanoseconds a match: 10 routes on one host against 10,000 on 1,000 hosts, drawn uniformly, a tenth each misses, header and regex rules.
 * `bun bench/micro/router.ts`, `deno run -A --no-check bench/micro/router.ts`. Authority and path are made from bytes for each
 * request, as the parser does, so that no hash of a string is remembered; what that costs alone is measured too and taken off.
 * The best round counts: whatever else the machine does only adds.
 */
import { encodeLatin1, latin1 } from "../../src/base/bytes.ts";
import type { MatchSpec, RouteSpec, RouteTableSpec } from "../../src/config/model.ts";
import { Fields } from "../../src/http/fields.ts";
import type { RequestHead } from "../../src/http/head.ts";
import { compileRoutes } from "../../src/router/compile_routes.ts";
import type { RouteTable } from "../../src/router/types.ts";

const REQUESTS = 20_000;
const ROUNDS = 40;
const NO_OPS = { remove: [], set: [], add: [] };

interface Sample {
  readonly authority: Uint8Array;
  readonly path: Uint8Array;
  readonly fields: Fields;
}

function route(name: string, match: Partial<MatchSpec>): RouteSpec {
  return {
    name,
    match: [{ path: null, methods: [], headers: [], query: [], ...match }],
    action: { kind: "handler", name: "none" },
    requestHeaders: NO_OPS,
    responseHeaders: NO_OPS,
    timeoutMs: null,
    responseHeadMs: 60_000,
    timeoutHeader: null,
    bodyBytes: null,
    filters: [],
    grpc: { maxTimeoutMs: null, methods: [] },
    allowPath: { encodedSlash: false, backslash: false, nul: false },
  };
}

/** Ten routes a host: one regex, one that asks for a header, two exact paths, six prefixes. */
function tableOf(hosts: number, order: RouteTableSpec["order"]): RouteTableSpec {
  return {
    name: "bench",
    order,
    virtualHosts: Array.from({ length: hosts }, (_, h) => ({
      name: `host-${h}`,
      hosts: [`site-${h}.example.com`],
      routes: Array.from({ length: 10 }, (_, r) => {
        const name = `route-${h}-${r}`;
        if (r === 0) return route(name, { path: { kind: "regex", value: `/files-${r}/[0-9]+/raw`, ignoreCase: false } });
        const path = { kind: r < 3 ? ("exact" as const) : ("prefix" as const), value: `/service-${r}/items`, ignoreCase: false };
        if (r !== 9) return route(name, { path });
        return route(name, { path, headers: [{ name: "x-tenant", kind: "exact", value: "acme", invert: false }] });
      }),
    })),
  };
}

function samples(hosts: number): Sample[] {
  let seed = 1;
  const draw = (n: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor((seed / 0x80000000) * n);
  };
  return Array.from({ length: REQUESTS }, () => {
    const host = `site-${draw(hosts)}.example.com`;
    const kind = draw(10);
    const prefix = 3 + draw(6);
    const path =
      kind === 0
        ? "/nothing/here"
        : kind === 1
          ? `/files-0/${draw(9999)}/raw`
          : kind === 2
            ? "/service-9/items/7"
            : `/service-${prefix}/items/${draw(9999)}?page=2`;
    return { authority: encodeLatin1(host), path: encodeLatin1(path), fields: fieldsOf() };
  });
}

/** Received fields, as the codec leaves them: bytes and spans. */
function fieldsOf(): Fields {
  const raw = encodeLatin1("user-agent: bench\r\naccept: */*\r\nx-tenant: acme\r\n");
  return new Fields(raw, [0, 10, 12, 17, 23, 19, 25, 27, 30, 0, 32, 40, 42, 46, 0], 1 << 23);
}

const head: RequestHead & { fields: Fields } = {
  protocol: "HTTP/1.1",
  method: "GET",
  scheme: "http",
  authority: "",
  path: "",
  pathFlags: 0,
  fields: Fields.empty(),
  contentLength: 0,
  upgrade: "",
  expectContinue: false,
  native: null,
  oneWay: false,
};
const input = { head };

function timeOnce(list: readonly Sample[], table: RouteTable<number> | null): { ns: number; hits: number } {
  let hits = 0;
  const start = performance.now();
  for (const s of list) {
    head.authority = latin1(s.authority, 0, s.authority.length);
    head.path = latin1(s.path, 0, s.path.length);
    head.fields = s.fields;
    if (table === null) hits += head.authority.length === head.path.length ? 1 : 0;
    else if (table.match(input) !== null) hits++;
  }
  return { ns: ((performance.now() - start) * 1e6) / list.length, hits };
}

const runtime = process.versions.bun !== undefined ? "bun" : process.versions.deno !== undefined ? "deno" : "node";
for (const order of ["specificity", "listed"] as const) {
  for (const hosts of [1, 1000]) {
    let id = 0;
    const table = compileRoutes(tableOf(hosts, order), () => id++);
    const list = samples(hosts);
    const alone: number[] = [];
    const both: number[] = [];
    let hits = 0;
    for (let i = 0; i < ROUNDS; i++) {
      alone.push(timeOnce(list, null).ns);
      const t = timeOnce(list, table);
      both.push(t.ns);
      hits = t.hits;
    }
    const made = Math.min(...alone);
    const ns = Math.min(...both) - made;
    const share = ((100 * hits) / REQUESTS).toFixed(0);
    console.log(
      `${runtime} ${order.padEnd(11)} ${String(hosts * 10).padStart(6)} routes: ${ns.toFixed(0)} ns a match (strings ${made.toFixed(0)} ns, ${share} % found)`,
    );
  }
}
