import { concatBytes } from "../../base/bytes.ts";
import { isAuthority } from "../../http/authority.ts";
import type { Timer } from "../../platform/types.ts";
import type { Message } from "../link/message_reader.ts";
import { BAD_PARAMS, TOO_LARGE } from "../link/plugin_link.ts";
import { fieldFault, isMethod, pathFault } from "../use/action_rules.ts";
import { readBytes, writeBytes } from "../use/read_bytes.ts";
import { HostCallError } from "./host_call_error.ts";

/** `fetch` through the clusters of the config, `cluster://NAME/path`. */
export type ClusterFetch = (url: string, init: RequestInit) => Promise<Response>;

/** An answer of `http`: its result as JSON without the last brace, and the body where that goes as a frame. */
export interface HttpAnswer {
  readonly result: string;
  readonly body: Uint8Array | null;
}

const TIMEOUT_MS = 10_000;

export interface HttpCallOptions {
  readonly fetch: ClusterFetch;
  setTimer(ms: number, f: () => void): Timer;
  /** Bytes of a body. */
  readonly limit: number;
  /** How bodies go to the plugin. */
  readonly binary: boolean;
  readonly takesText: boolean;
}

/** A plugin's request to a cluster. Rejects with what is wrong: a `HostCallError` where that is not the cluster's doing. */
export async function httpCall(params: Message, frame: Uint8Array | null, o: HttpCallOptions): Promise<HttpAnswer> {
  const { url, init, timeoutMs } = readRequest(params, frame);
  const given = new AbortController();
  const timer = o.setTimer(timeoutMs, () => given.abort(new Error(`no whole reply within ${timeoutMs} ms`)));
  try {
    const response = await o.fetch(url, { ...init, signal: given.signal });
    const bytes = await readAll(response, o.limit);
    const head = `"status":${response.status},"fields":${JSON.stringify([...response.headers])}`;
    if (o.binary && bytes.length > 0) return { result: `{${head}}`, body: bytes };
    return { result: `{${head},${writeBytes(bytes, o.takesText)}}`, body: null };
  } finally {
    timer.cancel();
  }
}

interface Asked {
  readonly url: string;
  readonly init: RequestInit;
  readonly timeoutMs: number;
}

function readRequest(params: Message, frame: Uint8Array | null): Asked {
  const { cluster, method = "GET", path, authority, fields = [], timeoutMs } = params as { readonly [K in string]?: unknown };
  // TRACE shows what others added to it on its way.
  if (typeof method !== "string" || !isMethod(method) || method === "TRACE") throw bad("method is none");
  const wrong = typeof path === "string" ? pathFault(path) : "path is no string";
  if (wrong !== null) throw bad(wrong);
  if (!Array.isArray(fields)) throw bad("fields is no list");
  const headers = new Headers();
  for (const f of fields as readonly unknown[]) {
    const [name, value] = Array.isArray(f) ? (f as readonly unknown[]) : [];
    if (typeof name !== "string" || typeof value !== "string") throw bad("a field is not two strings");
    const fault = fieldFault(name, value, RULES);
    if (fault !== null) throw bad(fault);
    headers.append(name, value);
  }
  if (authority !== undefined && (typeof authority !== "string" || !isAuthority(authority))) throw bad("authority is none");
  if (authority !== undefined) headers.set("host", authority as string);
  const body = readBytes(params, frame);
  if (typeof body === "string") throw bad(body);
  return {
    url: `cluster://${encodeURIComponent(String(cluster))}${path as string}`,
    init: { method, headers, ...(body === null ? {} : { body: body as Uint8Array<ArrayBuffer> }) },
    timeoutMs: typeof timeoutMs === "number" && timeoutMs >= 1 ? timeoutMs : TIMEOUT_MS,
  };
}

const RULES = { side: "request", authority: false, clusters: new Set<string>() } as const;

function bad(message: string): HostCallError {
  return new HostCallError(BAD_PARAMS, message);
}

async function readAll(response: Response, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > limit) {
      await reader.cancel();
      throw new HostCallError(TOO_LARGE, `the reply is longer than ${limit} bytes`);
    }
    parts.push(value);
  }
  return concatBytes(parts);
}
