import type { Message } from "../link/message_reader.ts";
import { BAD_PARAMS, TOO_LARGE } from "../link/plugin_link.ts";
import { KEY_BYTES, type KeyValues, VALUE_BYTES } from "./key_values.ts";

/** What a plugin asks of its store. `ttlMs`: null: it stays. `json`: a value as it came, so that it may go through other processes. */
export type KvCall =
  | { readonly op: "get" | "delete"; readonly key: string }
  | { readonly op: "set"; readonly key: string; readonly json: string; readonly ttlMs: number | null }
  | { readonly op: "add"; readonly key: string; readonly by: number; readonly ttlMs: number | null };

export interface KvFault {
  /** Of the protocol's errors. */
  readonly code: number;
  readonly message: string;
}

/** `result`: JSON, as the plugin gets it. */
export type KvAnswer = { readonly result: string } | KvFault;

/** Reads a call of `kv.*`; null: there is no such method. */
export function readKvCall(method: string, params: Message): KvCall | KvFault | null {
  const { key, value, by, ttlMs } = params as { readonly [K in "key" | "value" | "by" | "ttlMs"]?: unknown };
  if (typeof key !== "string" || key === "" || key.length > KEY_BYTES)
    return { code: BAD_PARAMS, message: `key is a string of 1 to ${KEY_BYTES} characters` };
  const ttl = typeof ttlMs === "number" && ttlMs >= 1 ? ttlMs : null;
  switch (method) {
    case "kv.get":
    case "kv.delete":
      return { op: method === "kv.get" ? "get" : "delete", key };
    case "kv.set": {
      if (value === undefined) return { code: BAD_PARAMS, message: "value is any JSON: there is none" };
      const json = JSON.stringify(value);
      if (json.length > VALUE_BYTES) return { code: TOO_LARGE, message: `value is any JSON of up to ${VALUE_BYTES} characters` };
      return { op: "set", key, json, ttlMs: ttl };
    }
    case "kv.add":
      if (typeof by !== "number" || !Number.isFinite(by)) return NO_NUMBER;
      return { op: "add", key, by, ttlMs: ttl };
    default:
      return null;
  }
}

export function answerKvCall(kv: KeyValues, c: KvCall): KvAnswer {
  switch (c.op) {
    case "get":
      return { result: JSON.stringify({ value: kv.get(c.key) ?? null }) };
    case "delete":
      return { result: JSON.stringify({ deleted: kv.delete(c.key) }) };
    case "set":
      if (kv.set(c.key, JSON.parse(c.json), c.ttlMs ?? Number.POSITIVE_INFINITY)) return { result: "{}" };
      return { code: TOO_LARGE, message: "there is no more room for values of this plugin" };
    case "add": {
      const value = kv.add(c.key, c.by, c.ttlMs ?? Number.POSITIVE_INFINITY);
      return value === null ? NO_NUMBER : { result: JSON.stringify({ value }) };
    }
  }
}

const NO_NUMBER: KvFault = { code: BAD_PARAMS, message: "by is a number, and so is the value of the key" };
