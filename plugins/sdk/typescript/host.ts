import { CallError, ERROR } from "./call_error.ts";
import type { Field, HttpParams, LogLineParams } from "./protocol.ts";
import type { Message } from "./reader.ts";
import { bytesIn, bytesOf, type Writer } from "./writer.ts";

/** Lines of Weir's log. */
export interface Log {
  debug(message: string, facts?: Record<string, unknown>): void;
  info(message: string, facts?: Record<string, unknown>): void;
  warn(message: string, facts?: Record<string, unknown>): void;
  error(message: string, facts?: Record<string, unknown>): void;
}

/** A store that all processes of the plugin share. A key has up to 1 KiB, a value up to 64 KiB. */
export interface KeyValue {
  /** undefined: there is none. */
  get(key: string): Promise<unknown>;
  /** `ttlMs`: absent: it stays while Weir runs. */
  set(key: string, value: unknown, ttlMs?: number): Promise<void>;
  /** Whether there was one. */
  delete(key: string): Promise<boolean>;
  /** Adds to a counter and tells what it is now. `ttlMs` counts when it is made. */
  add(key: string, by: number, ttlMs?: number): Promise<number>;
}

export type HttpCall = Omit<HttpParams, "text" | "base64"> & { body?: string | Uint8Array };

export interface HttpAnswer {
  readonly status: number;
  readonly fields: readonly Field[];
  readonly bytes: Uint8Array;
  text(): string;
}

/** What the plugin may ask of Weir. What its config does not grant rejects with the code -32001. */
export interface Host {
  /** Name of the plugin in the config. */
  readonly plugin: string;
  /** Which of the plugin's processes this is, from 0. */
  readonly process: number;
  /** Names of the calls that are granted. */
  readonly calls: readonly string[];
  readonly log: Log;
  readonly kv: KeyValue;
  /** Adds to the counter weir_plugin_NAME_total. */
  count(name: string, add?: number, labels?: Record<string, string>): void;
  /** A request to a cluster of the config. */
  http(call: HttpCall): Promise<HttpAnswer>;
}

interface Waiting {
  resolve(answer: { readonly result: unknown; readonly frame: Uint8Array | null }): void;
  reject(e: CallError): void;
}

/** The host's end of the line. */
export class HostLink implements Host {
  plugin = "";
  process = 0;
  calls: readonly string[] = [];
  readonly log: Log;
  readonly kv: KeyValue;
  readonly #writer: Writer;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #isGone = false;

  constructor(writer: Writer) {
    this.#writer = writer;
    const log = (level: LogLineParams["level"]) => (message: string, facts?: Record<string, unknown>) =>
      this.notify("log", facts === undefined ? { level, message } : { level, message, facts });
    this.log = { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
    this.kv = {
      get: async (key) => ((await this.#ask("kv.get", { key })) as { value?: unknown }).value ?? undefined,
      set: async (key, value, ttlMs) => void (await this.#ask("kv.set", withTtl({ key, value }, ttlMs))),
      delete: async (key) => ((await this.#ask("kv.delete", { key })) as { deleted?: unknown }).deleted === true,
      add: async (key, by, ttlMs) =>
        Number(((await this.#ask("kv.add", withTtl({ key, by }, ttlMs))) as { value?: unknown }).value),
    };
  }

  count(name: string, add = 1, labels?: Record<string, string>): void {
    this.notify("count", labels === undefined ? { name, add } : { name, add, labels });
  }

  async http(call: HttpCall): Promise<HttpAnswer> {
    const { body, ...params } = call;
    const { result, frame } = await this.#request("http", params, body === undefined ? null : bytesOf(body));
    const answer = result as { status: number; fields?: Field[]; text?: string; base64?: string };
    const bytes = bytesIn(answer, frame);
    return { status: answer.status, fields: answer.fields ?? [], bytes, text: () => new TextDecoder().decode(bytes) };
  }

  notify(method: string, params: Record<string, unknown>, bytes: Uint8Array | null = null): void {
    if (!this.#isGone) this.#writer.send({ jsonrpc: "2.0", method, params }, params, bytes);
  }

  /** An answer has come. One that nobody waits for is ignored. */
  answer(message: Message, frame: Uint8Array | null): void {
    const waiting = this.#waiting.get(message.id as number);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id as number);
    if (message.error === undefined) waiting.resolve({ result: message.result ?? {}, frame });
    else waiting.reject(new CallError(message.error.message, message.error.code));
  }

  /** Nothing will be answered any more. */
  gone(): void {
    this.#isGone = true;
    for (const w of this.#waiting.values()) w.reject(new CallError("the host is gone", ERROR.hostCall));
    this.#waiting.clear();
  }

  async #ask(method: string, params: Record<string, unknown>): Promise<unknown> {
    return (await this.#request(method, params, null)).result;
  }

  #request(method: string, params: Record<string, unknown>, bytes: Uint8Array | null) {
    return new Promise<{ result: unknown; frame: Uint8Array | null }>((resolve, reject) => {
      if (this.#isGone) throw new CallError("the host is gone", ERROR.hostCall);
      this.#lastId += 1;
      this.#writer.send({ jsonrpc: "2.0", id: this.#lastId, method, params }, params, bytes);
      this.#waiting.set(this.#lastId, { resolve, reject });
    });
  }
}

function withTtl(params: Record<string, unknown>, ttlMs: number | undefined): Record<string, unknown> {
  return ttlMs === undefined ? params : { ...params, ttlMs };
}
