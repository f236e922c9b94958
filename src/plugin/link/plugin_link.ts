import { concatBytes } from "../../base/bytes.ts";
import type { TimerWheel } from "../../base/timer_wheel.ts";
import type { Flushable, Flusher } from "../../wire/flusher.ts";
import { Call, type CallFault } from "./call.ts";
import { type Message, MessageReader, type MessageSink } from "./message_reader.ts";

/** Error codes of the protocol. */
export const METHOD_NOT_FOUND = -32601;
export const BAD_PARAMS = -32602;
export const NOT_GRANTED = -32001;
export const TOO_LARGE = -32002;
export const HOST_CALL_FAILED = -32003;

export interface LinkOwner {
  /** Bytes for the plugin's input. */
  write(b: Uint8Array): void;
  /** A notification of the plugin. `line`: the message as it came, with its end or without. */
  onNotice(method: string, params: Message, bytes: Uint8Array | null, line: Uint8Array): void;
  /** A request of the plugin: `answer` or `refuse` it. */
  onRequest(id: number | string, method: string, params: Message, bytes: Uint8Array | null, line: Uint8Array): void;
  /** A late answer, or one to nothing that was asked here. */
  onUnasked(id: unknown, line: Uint8Array, bytes: Uint8Array | null): void;
  /** What came is no message of the protocol: nothing more is read. */
  onBroken(why: string): void;
}

export interface LinkTimes {
  readonly wheel: TimerWheel;
  readonly flusher: Flusher;
}

const NO_PARAMS: Message = Object.freeze({});
const TEXT = new TextEncoder();

/**
 * JSON-RPC with one process: numbers requests, finds the answers' calls, and keeps deadlines. What is sent in one turn leaves in one
 * write.
 */
export class PluginLink implements MessageSink, Flushable {
  dirty = false;
  readonly #owner: LinkOwner;
  readonly #times: LinkTimes;
  readonly #reader: MessageReader;
  readonly #open = new Map<number, Call>();
  readonly #step: number;
  #next: number;
  /** Lines that wait. */
  #text = "";
  /** Lines and frames before them. */
  #parts: Uint8Array[] = [];
  #closed = false;

  /** Requests have the numbers `first`, `first + step` and so on. */
  constructor(owner: LinkOwner, times: LinkTimes, messageBytes: number, { first, step } = { first: 1, step: 1 }) {
    this.#next = first;
    this.#step = step;
    this.#owner = owner;
    this.#times = times;
    this.#reader = new MessageReader(messageBytes, this);
  }

  /** Calls whose answer is awaited. */
  get open(): number {
    return this.#open.size;
  }

  /** The plugin understands frames. */
  allowFrames(): void {
    this.#reader.binary = true;
  }

  /** Sends a request; `params` is JSON. Its call hears of it once: by `at` at the latest, in milliseconds of the wheel's clock. */
  request(call: Call, method: string, params: string, at: number, bytes: Uint8Array | null = null): void {
    const id = this.#next;
    this.#next += this.#step;
    call.id = id;
    this.#open.set(id, call);
    this.#times.wheel.schedule(call, at);
    this.#send(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}`, bytes);
  }

  notify(method: string, params: string, bytes: Uint8Array | null = null): void {
    this.#send(`{"jsonrpc":"2.0","method":"${method}","params":${params}`, bytes);
  }

  answer(id: number | string, result: string, bytes: Uint8Array | null = null): void {
    this.#send(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}`, bytes);
  }

  refuse(id: number | string, code: number, message: string): void {
    this.#send(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":${JSON.stringify({ code, message })}`, null);
  }

  /** Nobody waits for the call any more: its answer will be dropped. It hears nothing of this. */
  cancel(call: Call): void {
    if (!this.#open.delete(call.id)) return;
    this.#times.wheel.remove(call);
    this.notify("cancel", `{"id":${call.id}}`);
  }

  /** The call's time is over: as `cancel`. */
  expired(call: Call): void {
    this.cancel(call);
  }

  receive(b: Uint8Array): void {
    if (this.#closed) return;
    const { flusher } = this.#times;
    flusher.enter();
    const why = this.#reader.receive(b);
    if (why !== null) this.#owner.onBroken(why);
    flusher.leave();
  }

  /** Nothing more is sent or read; calls that are open fail. */
  close(fault: CallFault): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#text = "";
    this.#parts = [];
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const call of open) {
      this.#times.wheel.remove(call);
      call.onFailed(fault);
    }
  }

  // ---- MessageSink ----

  onMessage(m: Message, bytes: Uint8Array | null, line: Uint8Array): void {
    if (this.#closed) return;
    const { id, method } = m as { readonly id?: unknown; readonly method?: unknown };
    if (typeof method === "string") {
      const params = m["params"];
      const known = typeof params === "object" && params !== null && !Array.isArray(params) ? (params as Message) : NO_PARAMS;
      if (id === undefined) this.#owner.onNotice(method, known, bytes, line);
      else if (typeof id === "number" || typeof id === "string") this.#owner.onRequest(id, method, known, bytes, line);
      else this.#owner.onBroken(`a request whose id is neither a number nor a string: "${method}"`);
      return;
    }
    const call = typeof id === "number" ? this.#open.get(id) : undefined;
    if (call === undefined) {
      this.#owner.onUnasked(id, line, bytes);
      return;
    }
    this.#open.delete(call.id);
    this.#times.wheel.remove(call);
    const error = m["error"];
    if (error !== undefined && error !== null) call.onFailed({ outcome: "error", message: messageOf(error) });
    else call.onResult(m["result"] ?? null, bytes);
  }

  // ---- Flushable ----

  flush(): void {
    this.dirty = false;
    if (this.#text === "" && this.#parts.length === 0) return;
    const text = TEXT.encode(this.#text);
    this.#text = "";
    if (this.#parts.length === 0) {
      this.#owner.write(text);
      return;
    }
    const parts = this.#parts;
    this.#parts = [];
    if (text.length > 0) parts.push(text);
    this.#owner.write(concatBytes(parts));
  }

  /** `head`: a message without its last brace. */
  #send(head: string, bytes: Uint8Array | null): void {
    if (this.#closed) return;
    if (bytes === null || bytes.length === 0) this.#text += `${head}}\n`;
    else {
      this.#parts.push(TEXT.encode(`${this.#text}${head},"bytes":${bytes.length}}\n`), bytes);
      this.#text = "";
    }
    this.#times.flusher.gather(this);
  }
}

function messageOf(error: unknown): string {
  const message = typeof error === "object" && error !== null ? (error as { message?: unknown }).message : error;
  return typeof message === "string" ? message : "an error without a message";
}

/** A call as a promise: for what is not on a request's way. */
export class AskedCall extends Call {
  readonly answer: Promise<{ readonly result: unknown } | CallFault>;
  readonly #link: PluginLink;
  #resolve!: (a: { readonly result: unknown } | CallFault) => void;

  constructor(link: PluginLink) {
    super();
    this.#link = link;
    this.answer = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  onResult(result: unknown): void {
    this.#resolve({ result });
  }

  onFailed(f: CallFault): void {
    this.#resolve(f);
  }

  onDue(): void {
    this.#link.expired(this);
    this.#resolve({ outcome: "timeout", message: "no answer in time" });
  }
}
