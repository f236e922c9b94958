import { addressText } from "../base/address.ts";
import type { ActionSpec, HttpHandlerSpec, ListenerSpec, Model, RouteSpec } from "../config/model.ts";
import type { KeySource } from "../exchange/hash_keys.ts";
import { isAuthority, portOf } from "../http/authority.ts";
import { Fields } from "../http/fields.ts";
import type { RequestHead } from "../http/head.ts";
import { normalizePath, refusedPathFlags } from "../http/path.ts";
import { compileRoutes } from "../router/compile_routes.ts";
import { compileRedirect } from "../router/redirect.ts";
import { compileRewrite } from "../router/rewrite.ts";
import { loadConfig } from "../source/file/load_config.ts";
import { type CliIo, EXIT } from "./deps.ts";
import { explainChain } from "./explain_chain.ts";
import { explainForward } from "./explain_forward.ts";
import { explainKeys } from "./explain_keys.ts";
import { wantsColor } from "./render/paint.ts";
import { renderProblems } from "./render/render_problems.ts";

export interface ExplainArgs {
  readonly config: string;
  readonly method: string;
  readonly url: string;
  /** `name: value` each. */
  readonly headers: readonly string[];
  readonly listener: string | null;
  /** Address of the client; null: unknown. */
  readonly from?: string | null;
  readonly json: boolean;
}

interface Explanation {
  readonly listener: string;
  readonly request: { readonly method: string; readonly host: string; readonly path: string };
  /** How the decision fell, in sentences. */
  readonly steps: readonly string[];
  /** null: none. */
  readonly route: string | null;
  /** What happens then, in sentences. */
  readonly then: readonly string[];
}

/** `weir explain CONFIG METHOD URL`: 0 also when no route matches; 1 when the config has errors, 2 when the request is none. */
export async function explain(args: ExplainArgs, io: CliIo): Promise<number> {
  const { model, problems } = await loadConfig(args.config, io.env, { runtime: io.runtime });
  if (model === null) {
    io.err(`${renderProblems(problems, { color: wantsColor(io.errIsTerminal, io.env) })}\n`);
    return EXIT.problems;
  }
  const head = readRequest(args);
  if (typeof head === "string") return misused(head, io);
  const chosen = chooseListener(model, head, args.listener);
  if (typeof chosen === "string") return misused(chosen, io);
  const told = decide(model, chosen.listener, chosen.why, head, args.from ?? "");
  io.out(args.json ? `${JSON.stringify(told, null, 2)}\n` : textOf(told));
  return EXIT.done;
}

function misused(message: string, io: CliIo): number {
  io.err(`error: ${message}\n`);
  return EXIT.usage;
}

/** The head as a codec would give it; a sentence when there is no such request. */
function readRequest(args: ExplainArgs): RequestHead | string {
  const fields = Fields.empty();
  for (const h of args.headers) {
    const m = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/.exec(h);
    if (m === null) return `write the header field as 'name: value': found ${JSON.stringify(h)}`;
    fields.add(m[1]!, m[2]!);
  }
  const url = /^(?:(https?):\/\/([^/?#]*))?([^#]*)/i.exec(args.url)!;
  const authority = url[2] ?? fields.get("host") ?? "";
  if (url[1] === undefined && !args.url.startsWith("/"))
    return `write a URL such as "http://shop.example.com/cart": found ${JSON.stringify(args.url)}`;
  if (authority === "") return 'name the host: give a whole URL, or -H "host: shop.example.com" beside a path';
  if (!isAuthority(authority)) return `correct the host: found ${JSON.stringify(authority)}`;
  const method = args.method.toUpperCase();
  const rest = url[3]!;
  const path = method === "CONNECT" ? authority : rest.startsWith("/") ? rest : `/${rest}`;
  return {
    protocol: "HTTP/1.1",
    method,
    scheme: (url[1] ?? "http").toLowerCase(),
    authority,
    path,
    pathFlags: 0,
    fields,
    contentLength: 0,
    upgrade: (fields.get("upgrade") ?? "").toLowerCase(),
    expectContinue: false,
    native: null,
    oneWay: false,
  };
}

function chooseListener(model: Model, head: RequestHead, named: string | null): { listener: ListenerSpec; why: string } | string {
  const all = [...model.listeners.values()];
  if (named !== null) {
    const listener = model.listeners.get(named);
    const wanted = all.map((l) => JSON.stringify(l.name)).join(", ");
    return listener === undefined
      ? `name a listener: found ${JSON.stringify(named)}, wanted one of ${wanted}`
      : { listener, why: "as told" };
  }
  const given = portOf(head.authority);
  const port = given >= 0 ? given : head.scheme === "https" ? 443 : 80;
  const byPort = all.find((l) => l.bind?.kind === "tcp" && l.bind.port === port);
  if (byPort !== undefined) return { listener: byPort, why: `by port ${port} of the URL` };
  const [first] = all;
  if (first === undefined) return "add a listener: found none in the config";
  if (all.length === 1) return { listener: first, why: "the only one" };
  return { listener: first, why: `the first, for none has port ${port}; --listener chooses another` };
}

function decide(model: Model, listener: ListenerSpec, why: string, head: RequestHead, from: string): Explanation {
  const bind = listener.bind === null ? "" : ` at ${addressText(listener.bind)}`;
  const steps = [`listener ${JSON.stringify(listener.name)}${bind}: chosen, ${why}`];
  const asked = head.path;
  const told = (route: string | null, then: string[]): Explanation => {
    const request = { method: head.method, host: head.authority, path: head.path };
    return { listener: listener.name, request, steps, route, then };
  };
  const chain = explainChain(listener, head, from);
  steps.push(...chain.steps);
  const { handler } = chain;
  if (handler === null) return told(null, [...chain.outcome]);
  if (head.method !== "CONNECT" && !normalizePath(head, handler.paths.mergeSlashes))
    return told(null, ["is refused with 400: its path can't be read"]);
  if (head.path !== asked) steps.push(`path ${JSON.stringify(asked)} is normalised to ${JSON.stringify(head.path)}`);
  const table = compileRoutes<RouteSpec>(model.routeTables.get(handler.routes)!, (route) => route);
  steps.push(...table.explain({ head }));
  const winner = table.match({ head });
  if (winner === null) return told(null, ["gets 404"]);
  return told(winner.rule.name, outcome(model, winner.rule, winner.matchedPrefix, { head, clientAddress: from }, handler));
}

function outcome(model: Model, route: RouteSpec, matchedPrefix: string, x: KeySource, handler: HttpHandlerSpec): string[] {
  const { head } = x;
  if ((head.pathFlags & refusedPathFlags(route.allowPath)) !== 0)
    return ['is refused: the route does not allow this shape of path; see "allow"'];
  const body = route.bodyBytes ?? handler.limits.bodyBytes;
  const filters = route.filters.map((f) => `passes through filter ${f.kind === "module" ? f.module.path : f.kind}`);
  const then = [...filters, ...actionText(route.action, matchedPrefix, x, model.clusters)];
  if (body !== null && body !== Number.MAX_SAFE_INTEGER) then.push(`may have a body of ${body} bytes`);
  if (route.timeoutMs !== null) then.push(`must be answered within ${route.timeoutMs} ms`);
  if (route.grpc.maxTimeoutMs !== null)
    then.push(`must be answered within ${route.grpc.maxTimeoutMs} ms when it is a call of gRPC`);
  return then;
}

function actionText(action: ActionSpec, matchedPrefix: string, x: KeySource, clusters: Model["clusters"]): string[] {
  const { head } = x;
  switch (action.kind) {
    case "respond":
      return [`gets status ${action.status} with ${action.body.length} bytes from Weir`];
    case "redirect":
      return [`gets status ${action.status} to ${compileRedirect(action)(head, matchedPrefix)}`];
    case "handler":
      return [`is answered by handler ${JSON.stringify(action.name)}`];
    case "module":
      return [`is answered by module ${JSON.stringify(action.module.path)}`];
    case "static":
      return [`is answered with a file below ${JSON.stringify(action.root)}`];
    case "forward": {
      if (head.method === "CONNECT" && !action.connect) return ['is refused: the route makes no tunnels; see "connect"'];
      const then = [...explainForward(action, clusters, head), ...explainKeys(action, clusters, x)];
      const path = compileRewrite(action.rewrite.path)(head.path, matchedPrefix);
      if (path !== head.path) then.push(`is sent on with path ${JSON.stringify(path)}`);
      return then;
    }
  }
}

function textOf(e: Explanation): string {
  const { method, host, path } = e.request;
  const route = e.route === null ? "no route" : `route ${JSON.stringify(e.route)}`;
  const head = `${method} ${host}${method === "CONNECT" ? "" : path}: ${route}`;
  return `${[head, ...e.then.map((t) => `  ${t}`), "", ...e.steps].join("\n")}\n`;
}
