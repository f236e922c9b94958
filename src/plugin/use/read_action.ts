import { type ActionRules, fieldFault, isMethod, pathFault } from "./action_rules.ts";
import { readBytes } from "./read_bytes.ts";

export type FieldChange = readonly ["set" | "add", string, string] | readonly ["remove", string];

/** A reply that a plugin made. */
export interface PluginReply {
  readonly status: number;
  readonly fields: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

/** What an answer wants, checked: all of it can be done. */
export interface Action {
  readonly fields: readonly FieldChange[];
  readonly method: string | null;
  readonly path: string | null;
  readonly authority: string | null;
  readonly scheme: "http" | "https" | null;
  readonly status: number | null;
  readonly body: Uint8Array | null;
  readonly metadata: readonly (readonly [string, Readonly<Record<string, unknown>>])[];
  readonly timeoutMs: number | null;
  readonly cluster: string | null;
  readonly host: string | null;
  readonly reply: PluginReply | null;
  readonly reset: boolean;
  /** The body phase of this direction is left out. */
  readonly leavesBody: boolean;
  readonly cache: { readonly key: readonly string[]; readonly ttlMs: number } | null;
}

export const NO_ACTION: Action = Object.freeze({
  fields: [],
  method: null,
  path: null,
  authority: null,
  scheme: null,
  status: null,
  body: null,
  metadata: [],
  timeoutMs: null,
  cluster: null,
  host: null,
  reply: null,
  reset: false,
  leavesBody: false,
  cache: null,
});

const REDIRECTS: ReadonlySet<unknown> = new Set([301, 302, 303, 307, 308]);
const REQUEST_ONLY = ["method", "path", "authority", "scheme", "timeoutMs", "cluster", "host", "cache"] as const;
const NO_BODY = new Uint8Array(0);

type Raw = Readonly<Record<string, unknown>>;

/** Reads an answer, or says what is wrong with it. By hand, for it stands on the way of requests. */
export function readAction(result: unknown, frame: Uint8Array | null, rules: ActionRules): Action | string {
  if (result === null) return NO_ACTION;
  if (!isObject(result)) return "the result is no object";
  const fields = readChanges(result["fields"], rules);
  if (typeof fields === "string") return fields;
  if (frame === null && hasAtMostFields(result)) return fields.length === 0 ? NO_ACTION : { ...NO_ACTION, fields };
  if (rules.side === "response") {
    for (const name of REQUEST_ONLY) if (result[name] !== undefined) return `${name} is for requests`;
  } else if (result["status"] !== undefined) return "status is for replies";
  const head = readHead(result, rules);
  if (typeof head === "string") return head;
  const ways = ["respond", "redirect", "reset"].filter((w) => result[w] !== undefined);
  if (ways.length > 1) return `${ways.join(" and ")} exclude each other`;
  const reply = readReply(result, frame, rules);
  if (typeof reply === "string") return reply;
  const body = reply === null ? readBytes(result, frame) : null;
  if (typeof body === "string") return body;
  const rest = readRest(result);
  if (typeof rest === "string") return rest;
  return { fields, ...head, reply, body, ...rest };
}

type Head = Pick<Action, "method" | "path" | "authority" | "scheme" | "status" | "cluster" | "host">;

function readHead(r: Raw, rules: ActionRules): Head | string {
  const {
    method = null,
    path = null,
    authority = null,
    scheme = null,
    status = null,
    cluster = null,
    host = null,
  } = r as {
    readonly [K in keyof Head]?: unknown;
  };
  if (method !== null && (typeof method !== "string" || !isMethod(method))) return "method is none";
  if (path !== null) {
    const fault = typeof path === "string" ? pathFault(path) : "path is no string";
    if (fault !== null) return fault;
  }
  if (authority !== null) {
    if (!rules.authority) return "the authority is not granted";
    if (typeof authority !== "string" || fieldFault("x-authority", authority, rules) !== null || /[\s/@]/.test(authority))
      return "authority is none";
  }
  if (scheme !== null && scheme !== "http" && scheme !== "https") return "scheme is neither http nor https";
  if (status !== null && !isStatus(status)) return "status is not within 200 and 599";
  if (cluster !== null && (typeof cluster !== "string" || !rules.clusters.has(cluster)))
    return `the cluster ${JSON.stringify(cluster)} is not granted`;
  if (host !== null && typeof host !== "string") return "host is no string";
  return { method, path, authority, scheme, status, cluster, host } as Head;
}

type Rest = Pick<Action, "metadata" | "timeoutMs" | "reset" | "leavesBody" | "cache">;

function readRest(r: Raw): Rest | string {
  const { metadata, timeoutMs = null, reset, body, cache = null } = r;
  if (metadata !== undefined && (!isObject(metadata) || !Object.values(metadata).every(isObject)))
    return "metadata is no object of objects";
  if (timeoutMs !== null && !(typeof timeoutMs === "number" && timeoutMs >= 1)) return "timeoutMs is not above 0";
  if (body !== undefined && body !== "none") return 'body is not "none"';
  if (cache !== null) {
    if (!isObject(cache)) return "cache is no object";
    const { key, ttlMs } = cache;
    if (!Array.isArray(key) || !key.every((k) => typeof k === "string") || !(typeof ttlMs === "number" && ttlMs >= 1))
      return "cache has no key and ttlMs";
  }
  return {
    metadata: metadata === undefined ? [] : (Object.entries(metadata) as [string, Raw][]),
    timeoutMs: timeoutMs as number | null,
    reset: reset === true,
    leavesBody: body === "none",
    cache: cache as Action["cache"],
  };
}

function readReply(r: Raw, frame: Uint8Array | null, rules: ActionRules): PluginReply | null | string {
  const { respond, redirect } = r;
  if (redirect !== undefined) {
    if (!isObject(redirect)) return "redirect is no object";
    const { location, status = 302 } = redirect;
    if (typeof location !== "string" || fieldFault("location", location, rules) !== null) return "redirect has no location";
    if (!REDIRECTS.has(status)) return "the status of redirect is none of 301, 302, 303, 307 and 308";
    return { status: status as number, fields: [["location", location]], body: NO_BODY };
  }
  if (respond === undefined) return null;
  if (!isObject(respond)) return "respond is no object";
  const { status, fields = [] } = respond;
  if (!isStatus(status)) return "the status of respond is not within 200 and 599";
  if (!Array.isArray(fields)) return "the fields of respond are no list";
  for (const f of fields) {
    const fault = Array.isArray(f) && f.length === 2 ? pairFault(f[0], f[1], rules) : "a field of respond is no pair";
    if (fault !== null) return fault;
  }
  const body = readBytes(respond, frame);
  if (typeof body === "string") return body;
  return { status, fields: fields as readonly (readonly [string, string])[], body: body ?? NO_BODY };
}

function readChanges(raw: unknown, rules: ActionRules): readonly FieldChange[] | string {
  if (raw === undefined) return NO_ACTION.fields;
  if (!Array.isArray(raw)) return "fields is no list";
  for (const c of raw as readonly unknown[]) {
    if (!Array.isArray(c)) return "a change of fields is no list";
    const [what, name, value] = c as readonly unknown[];
    const fault =
      what === "remove" && c.length === 2
        ? pairFault(name, "", rules)
        : (what === "set" || what === "add") && c.length === 3
          ? pairFault(name, value, rules)
          : `a change of fields is none of set, add and remove: ${JSON.stringify(c)}`;
    if (fault !== null) return fault;
  }
  return raw as readonly FieldChange[];
}

function pairFault(name: unknown, value: unknown, rules: ActionRules): string | null {
  return typeof name === "string" && typeof value === "string" ? fieldFault(name, value, rules) : "a field is not two strings";
}

/** What most answers are. */
function hasAtMostFields(r: Raw): boolean {
  for (const name in r) if (name !== "fields") return false;
  return true;
}

function isStatus(n: unknown): n is number {
  return Number.isInteger(n) && (n as number) >= 200 && (n as number) <= 599;
}

function isObject(v: unknown): v is Raw {
  return typeof v === "object" && v !== null && !Array.isArray(v);
}
