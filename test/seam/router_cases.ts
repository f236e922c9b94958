import type { MatchSpec, PathMatchSpec, RouteSpec, RouteTableSpec, ValueMatchSpec } from "../../src/config/model.ts";
import { Fields } from "../../src/http/fields.ts";
import type { RequestHead } from "../../src/http/head.ts";

/** A request and who must win: a route's name, and what its prefix rewrite would replace; null: no route. */
export interface RouterRequest {
  readonly host: string;
  readonly path: string;
  readonly method?: string;
  readonly scheme?: string;
  readonly headers?: readonly string[];
  readonly want: string | null;
  readonly matched?: string;
}

export interface RouterCase {
  readonly name: string;
  readonly table: RouteTableSpec;
  readonly requests: readonly RouterRequest[];
}

const NO_OPS = { remove: [], set: [], add: [] };

export function routeOf(name: string, ...match: Partial<MatchSpec>[]): RouteSpec {
  return {
    name,
    match: match.map((m) => ({ path: null, methods: [], headers: [], query: [], ...m })),
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

export function pathOf(kind: PathMatchSpec["kind"], value: string, ignoreCase = false): PathMatchSpec {
  return { kind, value, ignoreCase };
}

export function conditionOf(name: string, kind: ValueMatchSpec["kind"], value = "", invert = false): ValueMatchSpec {
  return { name, kind, value, invert };
}

/** Pairs of hosts and routes. */
export function tableOf(order: RouteTableSpec["order"], ...hosts: [hosts: string[], routes: RouteSpec[]][]): RouteTableSpec {
  return { name: "test", order, virtualHosts: hosts.map(([names, routes], i) => ({ name: `host-${i}`, hosts: names, routes })) };
}

export function headOf(r: Omit<RouterRequest, "want">): RequestHead {
  return {
    protocol: "HTTP/1.1",
    method: r.method ?? "GET",
    scheme: r.scheme ?? "http",
    authority: r.host,
    path: r.path,
    pathFlags: 0,
    fields: Fields.of(...(r.headers ?? [])),
    contentLength: 0,
    upgrade: "",
    expectContinue: false,
    native: null,
    oneWay: false,
  };
}

const exact = (value: string): Partial<MatchSpec> => ({ path: pathOf("exact", value) });
const prefix = (value: string): Partial<MatchSpec> => ({ path: pathOf("prefix", value) });
const raw = (value: string): Partial<MatchSpec> => ({ path: pathOf("rawPrefix", value) });
const regex = (value: string): Partial<MatchSpec> => ({ path: pathOf("regex", value) });
const at = (path: string, want: string | null, more: Partial<RouterRequest> = {}): RouterRequest => ({
  host: "a.com",
  path,
  want,
  ...more,
});
const on = (host: string, want: string | null, more: Partial<RouterRequest> = {}): RouterRequest => ({
  host,
  path: "/",
  want,
  ...more,
});

const HOSTS: [string[], RouteSpec[]][] = [
  [["*"], [routeOf("any", prefix("/"))]],
  [["*.example.com"], [routeOf("wild", prefix("/"))]],
  [["*.deep.example.com"], [routeOf("deep", prefix("/"))]],
  [["www.example.com"], [routeOf("www", prefix("/"))]],
];

const HOST_REQUESTS: RouterRequest[] = [
  on("www.example.com", "www"),
  on("WWW.Example.COM", "www"),
  on("www.example.com.", "www"),
  on("www.example.com:8080", "www"),
  on("www.example.com.:8080", "www"),
  on("x.example.com", "wild"),
  on("x.y.example.com", "wild"),
  on("deep.example.com", "wild"),
  on("a.deep.example.com", "deep"),
  on("a.b.deep.example.com:1", "deep"),
  on("example.com", "any"),
  on(".example.com", "any"),
  on("xexample.com", "any"),
  on("example.com.evil", "any"),
  on("[::1]:80", "any"),
  on("", "any"),
];

/** Every implementation of a route table must give these answers. */
export const ROUTER_CASES: readonly RouterCase[] = [
  { name: "hosts, by specificity", table: tableOf("specificity", ...HOSTS), requests: HOST_REQUESTS },
  { name: "hosts, as listed", table: tableOf("listed", ...HOSTS), requests: HOST_REQUESTS },
  {
    name: "a host with a port is meant on that port alone, and before the same host without",
    table: tableOf(
      "specificity",
      [["a.com"], [routeOf("all", prefix("/"))]],
      [["a.com:8443", "[::1]:8443"], [routeOf("port", prefix("/p"))]],
      [["*.com:80"], [routeOf("wild80", prefix("/w"))]],
      [["*:8443"], [routeOf("any8443", prefix("/"))]],
      [["[::1]"], [routeOf("six", prefix("/"))]],
    ),
    requests: [
      at("/p", "port", { host: "a.com:8443" }),
      at("/", "all", { host: "a.com:8443" }),
      at("/p", "all"),
      at("/p", "all", { host: "a.com:9999" }),
      at("/w", "wild80", { host: "b.com" }),
      at("/w", "wild80", { host: "b.com:80" }),
      at("/w", null, { host: "b.com", scheme: "https" }),
      at("/w", "any8443", { host: "b.com:8443" }),
      at("/", "six", { host: "[::1]" }),
      at("/p", "port", { host: "[::1]:8443" }),
      at("/", "six", { host: "[::1]:8443" }),
    ],
  },
  {
    name: "by specificity a host whose routes do not match leaves the request to the next",
    table: tableOf(
      "specificity",
      [["a.b.com"], [routeOf("exact-host", exact("/one"))]],
      [["*.b.com"], [routeOf("wild-host", exact("/two"))]],
      [["*"], [routeOf("no-host", exact("/three"))]],
    ),
    requests: [
      at("/one", "exact-host", { host: "a.b.com" }),
      at("/two", "wild-host", { host: "a.b.com" }),
      at("/three", "no-host", { host: "a.b.com" }),
      at("/four", null, { host: "a.b.com" }),
      at("/one", null, { host: "c.b.com" }),
    ],
  },
  {
    name: "as listed there is no other host",
    table: tableOf("listed", [["a.com"], [routeOf("host", exact("/one"))]], [["*"], [routeOf("any", prefix("/"))]]),
    requests: [at("/one", "host"), at("/two", null), at("/two", "any", { host: "b.com" })],
  },
  {
    name: "by specificity virtual hosts of one name are one",
    table: tableOf(
      "specificity",
      [["a.com"], [routeOf("first", prefix("/x"))]],
      [["A.com."], [routeOf("second", exact("/x")), routeOf("third", prefix("/x"))]],
    ),
    requests: [at("/x", "second"), at("/x/y", "first")],
  },
  {
    name: "as listed a host belongs to the first that lists it",
    table: tableOf("listed", [["a.com"], [routeOf("first", prefix("/x"))]], [["a.com"], [routeOf("second", exact("/y"))]]),
    requests: [at("/x", "first"), at("/y", null)],
  },
  {
    name: "exact before longest prefix before regex before no path",
    table: tableOf("specificity", [
      ["*"],
      [
        routeOf("none", {}),
        routeOf("regex", regex("/api/.*")),
        routeOf("short", prefix("/api")),
        routeOf("long", prefix("/api/v1/")),
        routeOf("exact", exact("/api/v1")),
      ],
    ]),
    requests: [
      at("/api/v1", "exact", { matched: "/api/v1" }),
      at("/api/v1?x=/api", "exact"),
      at("/api/v1/", "long", { matched: "/api/v1" }),
      at("/api/v1/users", "long", { matched: "/api/v1" }),
      at("/api/v10", "short", { matched: "/api" }),
      at("/api", "short"),
      at("/apis", "none", { matched: "" }),
      at("/", "none"),
      at("*", "none", { method: "OPTIONS" }),
    ],
  },
  {
    name: "as listed the first that matches wins, whatever it says",
    table: tableOf("listed", [
      ["*"],
      [
        routeOf("long", prefix("/api/v1")),
        routeOf("regex", regex("/api/[a-z]+")),
        routeOf("exact-late", exact("/api/abc")),
        routeOf("header", { headers: [conditionOf("x-a", "present")] }),
        routeOf("short", prefix("/api")),
        routeOf("none", {}),
        routeOf("never", exact("/zzz")),
      ],
    ]),
    requests: [
      at("/api/v1/x", "long"),
      at("/api/abc", "regex"),
      at("/api/1", "short"),
      at("/api/1", "header", { headers: ["X-A", "1"] }),
      at("/zzz", "none"),
    ],
  },
  {
    name: "a prefix is whole segments, a raw prefix is not",
    table: tableOf("specificity", [
      ["*"],
      [routeOf("segments", prefix("/shop")), routeOf("raw", raw("/sho")), routeOf("slash", raw("/sho/"))],
    ]),
    requests: [
      at("/shop", "segments"),
      at("/shop/", "segments"),
      at("/shops", "raw", { matched: "/sho" }),
      at("/sho", "raw"),
      at("/sho/x", "slash", { matched: "/sho/" }),
      at("/sh", null),
    ],
  },
  {
    name: "a raw prefix and a prefix of the same text",
    table: tableOf("specificity", [
      ["*"],
      [routeOf("raw", raw("/a")), routeOf("segments", { ...prefix("/a"), methods: ["GET"] })],
    ]),
    requests: [at("/a", "segments"), at("/a/b", "segments"), at("/ab", "raw"), at("/a/b", "raw", { method: "PUT" })],
  },
  {
    name: "the empty raw prefix and the prefix / ",
    table: tableOf("specificity", [["*"], [routeOf("slash", { ...prefix("/"), methods: ["GET"] }), routeOf("empty", raw(""))]]),
    requests: [at("/", "slash"), at("/x", "slash"), at("*", "empty"), at("/x", "empty", { method: "PUT" })],
  },
  {
    name: "the case of paths counts unless the route says otherwise",
    table: tableOf("specificity", [
      ["*"],
      [
        routeOf("strict", exact("/Docs")),
        routeOf("folded", { path: pathOf("exact", "/DOCS", true) }),
        routeOf("tree", { path: pathOf("prefix", "/Tree", true) }),
        routeOf("leaf", prefix("/tree/Leaf")),
        routeOf("re", { path: pathOf("regex", "/re/[a-c]+", true) }),
      ],
    ]),
    requests: [
      at("/Docs", "strict"),
      at("/docs", "folded"),
      at("/tree/Leaf/x", "leaf"),
      at("/tree/leaf/x", "tree", { matched: "/Tree" }),
      at("/TREE", "tree"),
      at("/trees", null),
      at("/RE/aBC", "re"),
      at("/RE/abd", null),
    ],
  },
  {
    name: "then method, number of headers, number of query parameters, order",
    table: tableOf("specificity", [
      ["*"],
      [
        routeOf("plain", prefix("/x")),
        routeOf("again", prefix("/x")),
        routeOf("query", { ...prefix("/x"), query: [conditionOf("q", "present")] }),
        routeOf("query2", { ...prefix("/x"), query: [conditionOf("q", "present"), conditionOf("r", "exact", "1")] }),
        routeOf("header", { ...prefix("/x"), headers: [conditionOf("h", "present")] }),
        routeOf("headers", { ...prefix("/x"), headers: [conditionOf("h", "present"), conditionOf("i", "present")] }),
        routeOf("method", { ...prefix("/x"), methods: ["PUT", "POST"] }),
      ],
    ]),
    requests: [
      at("/x", "plain"),
      at("/x?q", "query"),
      at("/x?q&r=1", "query2"),
      at("/x?q&r=2", "query"),
      at("/x?q&r=1", "header", { headers: ["H", ""] }),
      at("/x?q", "headers", { headers: ["h", "1", "i", "2"] }),
      at("/x?q", "method", { method: "POST", headers: ["h", "1", "i", "2"] }),
      at("/x", "plain", { method: "post" }),
    ],
  },
  {
    name: "the longest prefix gives way to a shorter one when its conditions fail",
    table: tableOf("specificity", [
      ["*"],
      [routeOf("deep", { ...prefix("/a/b/c"), methods: ["POST"] }), routeOf("mid", prefix("/a/b")), routeOf("top", prefix("/a"))],
    ]),
    requests: [at("/a/b/c/d", "mid"), at("/a/b/c/d", "deep", { method: "POST" }), at("/a/x", "top"), at("/b", null)],
  },
  {
    name: "alternatives of one route",
    table: tableOf("specificity", [
      ["*"],
      [routeOf("or", exact("/a"), prefix("/b"), { headers: [conditionOf("x", "exact", "1")] })],
    ]),
    requests: [at("/a", "or"), at("/b/c", "or"), at("/c", "or", { headers: ["x", "1"] }), at("/c", null)],
  },
  {
    name: "values of headers",
    table: tableOf("listed", [
      ["*"],
      [
        routeOf("exact", { headers: [conditionOf("exact", "exact", "a,b")] }),
        routeOf("prefix", { headers: [conditionOf("prefix", "prefix", "Bearer ")] }),
        routeOf("suffix", { headers: [conditionOf("suffix", "suffix", ".png")] }),
        routeOf("regex", { headers: [conditionOf("regex", "regex", "v[0-9]+")] }),
        routeOf("utf8", { headers: [conditionOf("utf8", "exact", "é")] }),
        routeOf("not", { headers: [conditionOf("not", "exact", "x", true)] }),
        routeOf("broken", { headers: [conditionOf("broken", "regex", "(")] }),
        routeOf("broken-not", { headers: [conditionOf("broken", "regex", "(", true)] }),
        routeOf("authority", { headers: [conditionOf(":authority", "exact", "B.com:81")] }),
        routeOf("host", { headers: [conditionOf("host", "suffix", ":82")] }),
        routeOf("not-absent", { headers: [conditionOf("gone", "absent", "", true)] }),
        routeOf("not-present", { headers: [conditionOf("here", "present", "", true)] }),
      ],
    ]),
    requests: [
      at("/", "exact", { headers: ["EXACT", "a", "exact", "b"] }),
      at("/", "not-present", { headers: ["exact", "a, b"] }),
      at("/", "prefix", { headers: ["prefix", "Bearer abc"] }),
      at("/", "not-present", { headers: ["prefix", "bearer abc"] }),
      at("/", "suffix", { headers: ["suffix", "x.png"] }),
      at("/", "regex", { headers: ["regex", "v12"] }),
      at("/", "not-present", { headers: ["regex", "v12x"] }),
      at("/", "utf8", { headers: ["utf8", "\xc3\xa9"] }),
      at("/", "not", { headers: ["not", "y"] }),
      at("/", "not-present", { headers: ["not", "x"] }),
      at("/", "not-present"),
      at("/", "not-present", { headers: ["broken", "("] }),
      at("/", "authority", { host: "B.com:81" }),
      at("/", "host", { host: "B.com:82" }),
      at("/", "not-absent", { headers: ["gone", "", "here", ""] }),
      at("/", null, { headers: ["here", ""] }),
    ],
  },
  {
    name: "values of query parameters: the first of a name, decoded",
    table: tableOf("listed", [
      ["*"],
      [
        routeOf("one", { query: [conditionOf("a", "exact", "1")] }),
        routeOf("space", { query: [conditionOf("a b", "exact", "x y")] }),
        routeOf("plus", { query: [conditionOf("p", "exact", "x+y")] }),
        routeOf("empty", { query: [conditionOf("e", "exact", "")] }),
        routeOf("regex", { query: [conditionOf("r", "regex", "[0-9]{2}")] }),
        routeOf("utf8", { query: [conditionOf("u", "exact", "é")] }),
        routeOf("percent", { query: [conditionOf("c", "exact", "%zz")] }),
        routeOf("no-flag", { query: [conditionOf("flag", "absent")] }),
      ],
    ]),
    requests: [
      at("/?a=1", "one"),
      at("/?a=1&a=2", "one"),
      at("/?a=2&a=1", "no-flag"),
      at("/?b&a=1#", "no-flag"),
      at("/?%61=%31", "one"),
      at("/?a%20b=x%20y", "space"),
      at("/?p=x+y", "plus"),
      at("/?p=x%2by", "plus"),
      at("/?e=", "empty"),
      at("/?x&e&y", "empty"),
      at("/?r=12", "regex"),
      at("/?r=123", "no-flag"),
      at("/?u=%C3%A9", "utf8"),
      at("/?c=%zz", "percent"),
      at("/?flag", null),
      at("/?flag=1", null),
      at("/x", "no-flag"),
      at("/?", "no-flag"),
      at("/?a=1?", "no-flag"),
    ],
  },
  {
    name: "paths of the config are read as normalised targets",
    table: tableOf("specificity", [
      ["*"],
      [
        routeOf("utf8", exact("/café")),
        routeOf("tilde", prefix("/%7euser")),
        routeOf("space", prefix("/a b")),
        routeOf("lower", exact("/%c3%a9")),
        routeOf("broken", prefix("/100%")),
      ],
    ]),
    requests: [
      at("/caf%C3%A9", "utf8"),
      at("/~user/x", "tilde"),
      at("/a%20b/c", "space"),
      at("/%C3%A9", "lower"),
      at("/100%", null),
      at("/100%25", null),
    ],
  },
  {
    name: "a regex is of the whole path without its query; one that is none never matches",
    table: tableOf("specificity", [
      ["*"],
      [
        routeOf("id", regex("/users/[0-9]+")),
        routeOf("re2", regex("/(a|ab)(c|bcd)*")),
        routeOf("broken", regex("/[")),
        routeOf("backreference", regex("/(x)\\1")),
      ],
    ]),
    requests: [
      at("/users/12?x", "id"),
      at("/users/12/x", null),
      at("/x/users/12", null),
      at("/abcd", "re2"),
      at("/abcdbcdc", "re2"),
      at("/[", null),
      at("/xx", null),
    ],
  },
  {
    name: "what is no path meets routes without one alone",
    table: tableOf("specificity", [["*"], [routeOf("root", prefix("/")), routeOf("connect", { methods: ["CONNECT"] })]]),
    requests: [
      at("*", null, { method: "OPTIONS" }),
      at("up.example:443", "connect", { method: "CONNECT", host: "up.example:443" }),
      at("/", "root"),
    ],
  },
  { name: "an empty table", table: tableOf("specificity"), requests: [at("/", null)] },
  { name: "a virtual host without hosts", table: tableOf("listed", [[], [routeOf("x", {})]]), requests: [at("/", null)] },
];
