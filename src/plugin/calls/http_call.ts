import { concatBytes } from "../../base/bytes.ts";
import type { Message } from "../link/message_reader.ts";
import { fieldFault, isMethod, pathFault } from "../use/action_rules.ts";
import { readBytes, writeBytes } from "../use/read_bytes.ts";

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
  /** Bytes of a body. */
  readonly limit: number;
  /** How bodies go to the plugin. */
  readonly binary: boolean;
  readonly takesText: boolean;
}

/** A plugin's request to a cluster. Rejects with what is wrong. */
export async function httpCall(params: Message, frame: Uint8Array | null, o: HttpCallOptions): Promise<HttpAnswer> {
  const { cluster, method = "GET", path, authority, fields = [], timeoutMs } = params as { readonly [K in string]?: unknown };
  if (typeof method !== "string" || !isMethod(method)) throw new Error("method is none");
  const wrong = typeof path === "string" ? pathFault(path) : "path is no string";
  if (wrong !== null) throw new Error(wrong);
  const headers = new Headers();
  if (!Array.isArray(fields)) throw new Error("fields is no list");
  for (const f of fields as readonly unknown[]) {
    const [name, value] = Array.isArray(f) ? (f as readonly unknown[]) : [];
    if (typeof name !== "string" || typeof value !== "string") throw new Error("a field is not two strings");
    const fault = fieldFault(name, value, { side: "request", authority: false, clusters: new Set() });
    if (fault !== null) throw new Error(fault);
    headers.append(name, value);
  }
  if (typeof authority === "string") headers.set("host", authority);
  const body = readBytes(params, frame);
  if (typeof body === "string") throw new Error(body);
  const response = await o.fetch(`cluster://${encodeURIComponent(String(cluster))}${path as string}`, {
    method,
    headers,
    signal: AbortSignal.timeout(typeof timeoutMs === "number" && timeoutMs >= 1 ? timeoutMs : TIMEOUT_MS),
    ...(body === null ? {} : { body: body as Uint8Array<ArrayBuffer> }),
  });
  const bytes = await readAll(response, o.limit);
  const head = `"status":${response.status},"fields":${JSON.stringify([...response.headers])}`;
  if (o.binary && bytes.length > 0) return { result: `{${head}}`, body: bytes };
  return { result: `{${head},${writeBytes(bytes, o.takesText)}}`, body: null };
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
      throw new Error(`the reply is longer than ${limit} bytes`);
    }
    parts.push(value);
  }
  return concatBytes(parts);
}
