import { stackOf } from "../base/error.ts";
import type { Slab } from "../base/slab.ts";
import type {
  ActionSpec,
  ForwardSpec,
  HeaderOpsSpec,
  HttpHandlerSpec,
  ListenerSpec,
  Model,
  ModuleHandlerSpec,
  RouteSpec,
  StaticSpec,
  TcpHandlerSpec,
} from "../config/model.ts";
import { AwayKeys } from "../exchange/away_keys.ts";
import { ForwardedPolicy } from "../exchange/forwarded.ts";
import { RetryPolicy } from "../exchange/retry_policy.ts";
import { RouteKeys } from "../exchange/route_keys.ts";
import type { Codecs, GrpcRule, RequestShedding, RouteRule, RuleAction, Site, TryPolicy } from "../exchange/site.ts";
import type { Handler } from "../exchange/web.ts";
import { WebCall } from "../exchange/web_call.ts";
import type { FilterChain } from "../filter/filter_chain.ts";
import { compileModule } from "../handler/compile_module.ts";
import { moduleFetch } from "../handler/module_handler.ts";
import { HeaderBlock } from "../http/h2/hpack/header_block.ts";
import { DEFAULT_H2_LIMITS } from "../http/h2/limits.ts";
import { refusedPathFlags } from "../http/path.ts";
import type { FileTree } from "../platform/types.ts";
import { compileRoutes } from "../router/compile_routes.ts";
import { compileRedirect } from "../router/redirect.ts";
import { compileRewrite } from "../router/rewrite.ts";
import type { RouteTable } from "../router/types.ts";
import { compileStatic } from "../static/compile_static.ts";
import type { SessionSite, TcpRule } from "../stream/tcp_rule.ts";
import type { AccessLog } from "../telemetry/access_record.ts";
import type { EventLog } from "../telemetry/event_log.ts";
import type { ListenerMetrics, Metrics } from "../telemetry/metrics.ts";
import type { Cluster } from "../upstream/types.ts";
import { type WeightedChoice, weightedChoice } from "../upstream/weighted.ts";
import { type LinkEnv, WRITE_STALL_MS } from "../wire/link.ts";
import { isInternal } from "./internal_listeners.ts";
import type { ListenerSite } from "./listener_site.ts";
import { NO_SHEDDING } from "./overload/shedding.ts";
import { textOf } from "./same.ts";

/** What compiling needs beside the model. */
export interface CompileEnv {
  readonly link: LinkEnv;
  readonly log: EventLog;
  readonly slab: Slab;
  readonly metrics: Metrics;
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly handlers: ReadonlyMap<string, Handler>;
  /** The filters of a route that has some. */
  readonly chain: (route: RouteSpec) => FilterChain;
  readonly shedding: RequestShedding;
  /** Modules that the model names, loaded, by their paths. */
  readonly modules: ReadonlyMap<string, object>;
  /** Where files are served from; null: there is no disk, and no route of files. */
  readonly files: FileTree | null;
  /** null: no access log. */
  readonly accessLog: AccessLog | null;
  readonly wall: () => number;
}

/** What each listener serves, by the listener's name. */
export function compileSites(model: Model, env: CompileEnv): Map<string, ListenerSite> {
  const tables = new Map<string, RouteTable<RouteRule>>();
  const actions = new Actions(env, model.clusters);
  const sites = new Map<string, ListenerSite>();
  for (const [name, spec] of model.routeTables) {
    const limit = bodyLimitOf(model, name);
    tables.set(
      name,
      compileRoutes(spec, (route) => compileRule(route, limit, actions, env)),
    );
  }
  for (const listener of model.listeners.values()) sites.set(listener.name, compileListener(model.name, listener, tables, env));
  return sites;
}

/** A route's own limit is in its rule; without one the listener's holds, which is the same for all listeners of a table. */
function bodyLimitOf(model: Model, table: string): number {
  for (const l of model.listeners.values()) {
    const handler = httpOf(l);
    if (handler?.routes === table) return handler.limits.bodyBytes ?? Number.POSITIVE_INFINITY;
  }
  return Number.POSITIVE_INFINITY;
}

/** The chains of a listener that carry HTTP have one handler, but for its version. */
function httpOf(listener: ListenerSpec): HttpHandlerSpec | null {
  for (const { handler } of listener.chains) if (handler.kind === "http") return handler;
  return null;
}

function compileListener(
  pseudonym: string,
  listener: ListenerSpec,
  tables: ReadonlyMap<string, RouteTable<RouteRule>>,
  env: CompileEnv,
): ListenerSite {
  const session = sessionSite(listener.name, env);
  const spec = httpOf(listener);
  return {
    http: spec === null ? null : compileSite(pseudonym, spec, listener, session, tables, env),
    session,
    chains: listener.chains.map((c, index) => ({
      index,
      spec: c,
      tcp: c.handler.kind === "tcp" ? compileTcp(c.handler, env.clusters) : null,
    })),
  };
}

/** What concerns all that a listener serves. */
export function sessionSite(listener: string, env: Pick<CompileEnv, "metrics" | "accessLog" | "link" | "wall">): SessionSite {
  return {
    listener,
    metrics: env.metrics.listener(listener),
    accessLog: isInternal(listener) ? null : env.accessLog,
    link: env.link,
    wall: env.wall,
  };
}

function compileTcp(spec: TcpHandlerSpec, clusters: ReadonlyMap<string, Cluster>): TcpRule {
  return {
    clusters: spec.to.map((t) => clusters.get(t.cluster)!),
    choice: choiceOf(spec.to),
    idleMs: spec.idleMs ?? Number.POSITIVE_INFINITY,
    connectAttempts: spec.connectAttempts,
  };
}

/** null: there is one to choose. */
export function choiceOf(to: readonly { readonly weight: number }[]): WeightedChoice | null {
  return to.length > 1
    ? weightedChoice(
        to.map((t) => t.weight),
        Math.random(),
      )
    : null;
}

function compileSite(
  pseudonym: string,
  spec: HttpHandlerSpec,
  listener: ListenerSpec,
  session: SessionSite,
  tables: ReadonlyMap<string, RouteTable<RouteRule>>,
  env: CompileEnv,
): Site {
  const { metrics } = session;
  const guesses = listener.chains.some((c) => c.tls === null && c.handler.kind === "http" && c.handler.version === "auto");
  return {
    ...session,
    spec,
    table: tables.get(spec.routes)!,
    clusters: env.clusters,
    forwarded: new ForwardedPolicy(spec.forwarded, pseudonym),
    codecs: { plain: compileCodecs(spec, "http", metrics, env, guesses), tls: compileCodecs(spec, "https", metrics, env, false) },
    shedding: isInternal(listener.name) ? NO_SHEDDING : env.shedding,
    handlerThrew: (cause) => {
      metrics.handlerFaults.add(1);
      env.log.log("error", "a handler threw: its request failed", { listener: listener.name, reason: stackOf(cause) });
    },
    filterThrew: (cause) => {
      metrics.filterFaults.add(1);
      env.log.log("error", "a filter threw: its request failed", { listener: listener.name, reason: stackOf(cause) });
    },
  };
}

/** `guesses`: the first bytes choose between the codecs. */
function compileCodecs(
  spec: HttpHandlerSpec,
  scheme: "http" | "https",
  metrics: ListenerMetrics,
  env: CompileEnv,
  guesses: boolean,
): Codecs {
  const { limits, timeouts, http2 } = spec;
  const common = {
    mergeSlashes: spec.paths.mergeSlashes,
    scheme,
    idleMs: timeouts.idleMs,
    headMs: timeouts.headMs,
    bodyMs: timeouts.bodyMs,
    maxRequests: limits.requestsPerConnection ?? Number.POSITIVE_INFINITY,
    slab: env.slab,
    clock: env.link.flusher,
  };
  const h2Limits = {
    ...DEFAULT_H2_LIMITS,
    headBytes: limits.headBytes,
    fields: limits.fields,
    pathBytes: limits.requestLineBytes,
    streams: http2.concurrentStreams,
  };
  return {
    scheme,
    h1: {
      ...common,
      limits: { headBytes: limits.headBytes, startLineBytes: limits.requestLineBytes, fields: limits.fields },
      underscores: spec.underscores,
      guessed: guesses,
    },
    h2: {
      ...common,
      limits: h2Limits,
      block: new HeaderBlock({ fieldBytes: h2Limits.headBytes, fields: h2Limits.fields }, spec.underscores),
      stallMs: WRITE_STALL_MS,
      keepaliveMs: http2.keepAlive?.idleMs ?? Number.POSITIVE_INFINITY,
      keepaliveTimeoutMs: http2.keepAlive?.timeoutMs ?? Number.POSITIVE_INFINITY,
      drainMs: H2_DRAIN_MS,
      onBudget: (cause) => metrics.flood(cause),
    },
  };
}

/** How long the answer to the PING behind a first GOAWAY is awaited: a round trip of the slowest path there is. */
const H2_DRAIN_MS = 2_000;

function compileRule(route: RouteSpec, listenerBodyBytes: number, actions: Actions, env: CompileEnv): RouteRule {
  return {
    name: route.name,
    spec: route,
    metrics: env.metrics.route(route.name),
    action: actions.of(route),
    chain: route.filters.length === 0 ? null : env.chain(route),
    refusedPath: refusedPathFlags(route.allowPath),
    bodyBytes: route.bodyBytes ?? listenerBodyBytes,
    requestOps: opsOrNull(route.requestHeaders),
    responseOps: opsOrNull(route.responseHeaders),
    timeoutHeader: route.timeoutHeader,
    timeoutMs: route.timeoutMs ?? Number.POSITIVE_INFINITY,
    responseHeadMs: route.responseHeadMs,
    grpc: compileGrpc(route),
  };
}

const NO_GRPC: GrpcRule = { maxTimeoutMs: Number.POSITIVE_INFINITY, methods: new Set() };

/** Methods are counted by name where the config names them; routes that name none share one rule. */
function compileGrpc(route: RouteSpec): GrpcRule {
  const { maxTimeoutMs, methods } = route.grpc;
  const named = new Set(methods);
  for (const { path } of route.match) if (path?.kind === "exact" && GRPC_METHOD.test(path.value)) named.add(path.value);
  if (maxTimeoutMs === null && named.size === 0) return NO_GRPC;
  return { maxTimeoutMs: maxTimeoutMs ?? Number.POSITIVE_INFINITY, methods: named };
}

/** `/Service/Method` (grpc/doc/PROTOCOL-HTTP2.md). */
const GRPC_METHOD = /^\/[^/]+\/[^/]+$/;

function opsOrNull(ops: HeaderOpsSpec): HeaderOpsSpec | null {
  return ops.add.length + ops.remove.length + ops.set.length === 0 ? null : ops;
}

/**
 * Routes that do the same share what does it: a request that is drawn from ten thousand routes waits for memory at each object that is
 * its route's own. Weighted choices keep a turn of their own.
 */
class Actions {
  readonly #env: CompileEnv;
  readonly #clusters: Model["clusters"];
  readonly #forwards = new Map<string, RuleAction>();

  constructor(env: CompileEnv, clusters: Model["clusters"]) {
    this.#env = env;
    this.#clusters = clusters;
  }

  of({ action: spec, match }: RouteSpec): RuleAction {
    if (spec.kind === "module") return compileModule(spec, moduleFetch(this.#env.modules.get(spec.module.path)!)!, this.#env);
    if (spec.kind === "static") return compileStatic(spec, match, { files: this.#env.files!, log: this.#env.log });
    if (spec.kind !== "forward" || spec.to.length > 1) return compileAction(spec, this.#env, this.#clusters);
    // A subset is a map, which plain JSON says nothing of; most routes have none, and there may be ten thousand of them.
    const key = spec.to[0]!.subset === null ? JSON.stringify(spec) : textOf(spec);
    let action = this.#forwards.get(key);
    if (action === undefined) {
      action = compileAction(spec, this.#env, this.#clusters);
      this.#forwards.set(key, action);
    }
    return action;
  }
}

/** `clusters`: as they will be when what is compiled is in force. */
function compileAction(
  action: Exclude<ActionSpec, StaticSpec | ModuleHandlerSpec>,
  env: CompileEnv,
  clusters: Model["clusters"],
): RuleAction {
  switch (action.kind) {
    case "forward": {
      const choice = choiceOf(action.to);
      const keyed = action.to.map((t) => ({ ...t, balance: clusters.get(t.cluster)!.balance }));
      return {
        kind: "forward",
        clusters: action.to.map((t) => env.clusters.get(t.cluster)!),
        choice,
        keys: RouteKeys.isWanted(keyed, action.sticky) ? new RouteKeys(keyed, action.sticky, action.hash, choice) : null,
        away: new AwayKeys(action.hash),
        rewrite: action.rewrite.path === null ? null : compileRewrite(action.rewrite.path),
        host: action.rewrite.host,
        upgrades: new Set(action.upgrades),
        connect: action.connect,
        priority: action.priority,
        tries: compileTries(action, env),
      };
    }
    case "respond":
      return action;
    case "redirect":
      return { kind: "redirect", status: action.status, location: compileRedirect(action) };
    case "handler": {
      const handler = env.handlers.get(action.name)!;
      return { kind: "serve", serve: (x) => new WebCall(x, handler) };
    }
  }
}

function compileTries({ retry, hedge, mirrors }: ForwardSpec, env: CompileEnv): TryPolicy | null {
  if (retry === null && hedge === null && mirrors.length === 0) return null;
  return {
    retry: retry === null ? null : new RetryPolicy(retry),
    hedge,
    mirrors: mirrors.map((m) => ({ cluster: env.clusters.get(m.cluster)!, share: m.share })),
  };
}
