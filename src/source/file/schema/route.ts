import { z } from "zod";
import { forwardToSchema, redirectSchema, respondSchema, rewriteSchema } from "./action.ts";
import { duration } from "./duration.ts";
import { filterSchema } from "./filter.ts";
import { hashKeysSchema, stickySchema } from "./hash_key.ts";
import { headerName, headerOps } from "./header.ts";
import { hedgeSchema } from "./hedge.ts";
import { hostPattern } from "./host.ts";
import { type Leaf, leaf, refuse } from "./leaf.ts";
import { matchSchema } from "./match.ts";
import { mirrorSchema } from "./mirror.ts";
import { moduleSchema } from "./module.ts";
import { label } from "./name.ts";
import { retrySchema } from "./retry.ts";
import { bool, choice, off, text, wantText } from "./scalar.ts";
import { size } from "./size.ts";
import { staticSchema } from "./static.ts";

/** An upgrade token such as `websocket`, lower case; `*`: all. */
function upgradeToken(): Leaf<string> {
  return leaf({ type: "string", examples: ["websocket", "*"] }, (v) => {
    if (typeof v !== "string") return wantText('a protocol such as "websocket"', v);
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z/]+$/.test(v))
      return refuse(`correct the protocol: found ${JSON.stringify(v)}, wanted a token such as "websocket"`);
    const lower = v.toLowerCase();
    return lower === "h2c" ? refuse('remove "h2c": it is never forwarded, for it would carry requests past every rule') : lower;
  });
}

const timeouts = z.strictObject({
  responseHead: duration().prefault("60s").describe("From the request sent to the head of its reply"),
  fromHeader: headerName()
    .optional()
    .describe(
      "Field of a request whose milliseconds shorten timeout when a trusted proxy sent it, such as x-envoy-upstream-rq-timeout-ms; none when absent",
    ),
});

const allow = z.strictObject({
  encodedSlash: bool().prefault(false).describe("Take paths with %2F"),
  backslash: bool().prefault(false).describe("Take paths with a backslash, raw or encoded"),
  nul: bool().prefault(false).describe("Take paths with %00"),
});

/** A method of gRPC as its path: `/package.Service/Method`. */
function grpcMethod(): Leaf<string> {
  return leaf({ type: "string", pattern: "^/[^/]+/[^/]+$|\\$\\{", examples: ["/shop.Cart/Add"] }, (v) => {
    if (typeof v !== "string") return wantText('a method such as "/shop.Cart/Add"', v);
    return /^\/[^/\s?#]+\/[^/\s?#]+$/.test(v)
      ? v
      : refuse(`correct the method: found ${JSON.stringify(v)}, wanted a path such as "/shop.Cart/Add"`);
  });
}

const grpc = z.strictObject({
  maxTimeout: z
    .union([duration(), off()])
    .prefault(false)
    .describe("The longest that a call may take, whatever its grpc-timeout says; false: no bound"),
  methods: z
    .array(grpcMethod())
    .prefault([])
    .describe("Methods that are counted by name, beside those that `match` names by their path"),
});

const reach = {
  hosts: z
    .union([hostPattern, z.array(hostPattern).min(1)])
    .optional()
    .describe("Hosts, exact or *.example.com, whatever their port unless one is given; every host when absent"),
  listeners: z
    .union([text(), z.array(text()).min(1)])
    .optional()
    .describe("Names of listeners; all when absent"),
};

const handling = {
  filters: z.array(filterSchema).prefault([]).describe("Filters in the order in which requests meet them; replies go back"),
  sticky: stickySchema
    .optional()
    .describe("What goes to the same cluster of to each time: a header, a cookie or a query parameter; by turns when absent"),
  hash: hashKeysSchema
    .optional()
    .describe("What ringHash and maglev choose an endpoint by, instead of on of the cluster's balance"),
  priority: choice("default", "high").prefault("default").describe("Whose breakers of the cluster hold"),
  retry: retrySchema.optional().describe("Tries after the first, or when and how to try again; false or absent: not at all"),
  hedge: hedgeSchema
    .optional()
    .describe("Another try beside one that takes so long, for idempotent requests; the first reply wins. None when absent"),
  mirror: mirrorSchema
    .optional()
    .describe("Clusters that get copies of the requests; nobody sees their replies. None when absent"),
  rewrite: rewriteSchema.optional().describe("Changes to the request before it is sent on"),
  requestHeaders: headerOps("request")
    .prefault({})
    .describe("Changes to the request's header fields: remove, then set, then add"),
  responseHeaders: headerOps("response")
    .prefault({})
    .describe("Changes to the reply's header fields: remove, then set, then add"),
  timeout: z
    .union([duration(), off()])
    .prefault(false)
    .describe("From the end of the request to the last byte of the reply; false: none"),
  timeouts: timeouts.prefault({}).describe("How long an upstream may take"),
  grpc: grpc.prefault({}).describe("What is particular to requests of gRPC"),
  limits: z
    .strictObject({
      body: z
        .union([size(0), off()])
        .optional()
        .describe("Bytes of a request's body; the listener's limit when absent"),
    })
    .prefault({})
    .describe("What one request may send"),
  allow: allow.prefault({}).describe("Shapes of a path that are refused otherwise, for upstreams may read them in two ways"),
  upgrade: z
    .array(upgradeToken())
    .prefault(["websocket"])
    .describe('Protocols that clients may upgrade to; "*" for all, [] for none'),
  connect: bool().prefault(false).describe("Make a tunnel of CONNECT requests that match"),
};

/** What routes and `defaults.route` share. */
export const routeCommon = { ...reach, ...handling };

/** One item of `routes`. */
export const routeSchema = z
  .strictObject({
    name: label("route").optional().describe("Name in logs and metrics; made of host and path when absent"),
    ...reach,
    match: z
      .union([matchSchema, z.array(matchSchema).min(1)])
      .optional()
      .describe("Alternatives of which one must hold; every request when absent"),
    to: forwardToSchema.optional().describe("Cluster that answers, or several that share by weight"),
    respond: respondSchema.optional().describe("A reply that Weir makes"),
    handler: moduleSchema.optional().describe("A program that answers, such as an application of Hono"),
    static: staticSchema.optional().describe("Files below a folder"),
    redirect: redirectSchema.optional().describe("Another place to go to; parts that are absent stay the request's"),
    ...handling,
  })
  .meta({ id: "Route" });

export type RouteConfig = z.output<typeof routeSchema>;
