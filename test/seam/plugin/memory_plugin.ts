import { concatBytes, encodeLatin1, latin1 } from "../../../src/base/bytes.ts";
import type { Process, Processes, ProcessHandler, ProcessSpec } from "../../../src/platform/types.ts";
import { type Act, ATTRIBUTES, type Behaviour, type Out, type Pairs, type Streamed } from "./behaviour.ts";

interface Params {
  readonly [member: string]: unknown;
  readonly x: number;
}

type Side = "request" | "response";

interface StreamState {
  readonly body: ReturnType<Streamed["open"]>;
  over: boolean;
}

/** A plugin's process in memory: it speaks the protocol in bytes, as one below a system's pipes would. */
export class MemoryPlugin {
  readonly pid: number;
  /** Notifications `cancel` and `done`, in their order. */
  readonly heard: string[] = [];
  readonly #behaviour: Behaviour;
  readonly #handler: ProcessHandler;
  readonly #streams = new Map<string, StreamState>();
  readonly #binary: boolean;
  #held: Uint8Array = new Uint8Array(0);
  #ended = false;

  constructor(pid: number, behaviour: Behaviour, handler: ProcessHandler, binary: boolean) {
    this.pid = pid;
    this.#behaviour = behaviour;
    this.#handler = handler;
    this.#binary = binary;
  }

  receive(b: Uint8Array): void {
    this.#held = concatBytes([this.#held, b]);
    for (;;) {
      const end = this.#held.indexOf(0x0a);
      if (end < 0) return;
      const m = JSON.parse(new TextDecoder().decode(this.#held.subarray(0, end))) as {
        id?: number;
        method?: string;
        params?: Params;
        bytes?: number;
      };
      const size = m.bytes ?? 0;
      if (this.#held.length < end + 1 + size) return;
      const frame = this.#held.slice(end + 1, end + 1 + size);
      this.#held = this.#held.slice(end + 1 + size);
      if (m.method !== undefined) this.#take(m.id, m.method, m.params ?? { x: 0 }, size === 0 ? null : frame);
    }
  }

  exit(code: number | null, signal: string | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#handler.onExit({ code, signal, failed: null });
    this.#handler.onClose?.();
  }

  #take(id: number | undefined, method: string, p: Params, frame: Uint8Array | null): void {
    const b = this.#behaviour;
    switch (method) {
      case "initialize":
        this.#answer(id, this.#description(), null);
        return;
      case "configure":
      case "ping":
        this.#answer(id, {}, null);
        return;
      case "shutdown":
        this.#answer(id, {}, null);
        queueMicrotask(() => this.exit(0, null));
        return;
      case "requestHead":
      case "responseHead": {
        const side: Side = method === "requestHead" ? "request" : "response";
        const head = p[side] as Record<string, never>;
        const told = { method: "", scheme: "", authority: "", path: "", status: 0, ...head };
        const act = side === "request" ? b.requestHead : b.responseHead;
        this.#act(
          id,
          act!.call(b, { ...told, fields: head["fields"]!, end: p["end"] === true, attributes: p["attributes"] as never }),
        );
        return;
      }
      case "requestBody":
      case "responseBody": {
        const phase = method === "requestBody" ? b.requestBody : b.responseBody;
        if (phase?.mode === "buffered") this.#act(id, phase.whole(bodyOf(p, frame), (p["trailers"] as Pairs) ?? null));
        return;
      }
      case "chooseUpstream": {
        const said = b.chooseHost!(p as never);
        if (said !== null && typeof said === "object") this.#refuse(id, said.fails);
        else this.#answer(id, said === null ? {} : { host: said }, null);
        return;
      }
      case "requestData":
      case "responseData":
        this.#piece(method === "requestData" ? "request" : "response", p, frame);
        return;
      case "log":
        for (const r of p["records"] as Record<string, unknown>[]) b.log?.(r);
        return;
      case "tick":
        b.tick?.tick(p["time"] as number);
        return;
      case "cancel":
      case "done":
        this.heard.push(method);
    }
  }

  #description(): unknown {
    const b = this.#behaviour;
    const head = { fields: "*", attributes: ATTRIBUTES };
    const body = (of: Behaviour["requestBody"]) =>
      of === undefined ? undefined : of.mode === "buffered" ? { mode: of.mode, limitBytes: of.limit } : { mode: of.mode };
    return {
      protocol: 1,
      name: "memory",
      version: "1",
      capabilities: { binary: this.#binary },
      phases: {
        requestHead: b.requestHead === undefined ? undefined : head,
        requestBody: body(b.requestBody),
        responseHead: b.responseHead === undefined ? undefined : head,
        responseBody: body(b.responseBody),
        chooseUpstream: b.chooseHost === undefined ? undefined : {},
        log: b.log === undefined ? undefined : { attributes: [...ATTRIBUTES, "method", "path"], everyMs: 50 },
        tick: b.tick === undefined ? undefined : { everyMs: b.tick.everyMs },
      },
    };
  }

  #act(id: number | undefined, { body, leavesBody, respond, fails, hangs, ...act }: Act): void {
    if (hangs === true) return;
    if (fails !== undefined) {
      this.#refuse(id, fails);
      return;
    }
    const { body: own, ...reply } = respond ?? { status: 0 };
    const result = {
      ...act,
      ...(respond === undefined ? {} : { respond: reply }),
      ...(leavesBody === true ? { body: "none" } : {}),
    };
    this.#answer(id, result, own ?? body ?? null, respond === undefined ? result : result.respond);
  }

  #piece(side: Side, p: Params, frame: Uint8Array | null): void {
    const key = `${p.x} ${side}`;
    let s = this.#streams.get(key);
    if (s === undefined) {
      const phase = side === "request" ? this.#behaviour.requestBody : this.#behaviour.responseBody;
      s = { body: (phase as Streamed).open(), over: false };
      this.#streams.set(key, s);
    }
    const b = bodyOf(p, frame);
    if (!s.over)
      for (const out of s.body.piece(b, p["end"] === true, (p["trailers"] as Pairs) ?? null)) this.#write(side, p.x, s, out);
    if (b.length > 0) this.#send({ method: `${side}Taken`, params: { x: p.x, bytes: b.length } }, null);
  }

  #write(side: Side, x: number, s: StreamState, out: Out): void {
    const method = `${side}Out`;
    if ("write" in out) {
      const params = { x };
      this.#send({ method, params }, out.write, params);
      return;
    }
    s.over = true;
    if ("end" in out) this.#send({ method, params: { x, end: true, trailers: out.trailers } }, null);
    else if ("pass" in out) this.#send({ method, params: { x, pass: true } }, null);
    else this.#send({ method, params: { x, error: out.fails } }, null);
  }

  #answer(id: number | undefined, result: object | unknown, body: string | null, at: unknown = result): void {
    this.#send({ id, result }, body, at as object);
  }

  #refuse(id: number | undefined, message: string): void {
    this.#send({ id, error: { code: -32603, message } }, null);
  }

  /** `at`: the object that holds the body where that is no frame. */
  #send(m: object, body: string | null, at: object = m): void {
    if (this.#ended) return;
    const frame = body !== null && body !== "" && this.#binary ? encodeLatin1(body) : null;
    if (body !== null && frame === null) Object.assign(at, { base64: btoa(body) });
    const line = JSON.stringify({ jsonrpc: "2.0", ...m, ...(frame === null ? {} : { bytes: frame.length }) });
    const bytes = new TextEncoder().encode(`${line}\n`);
    queueMicrotask(() => this.#handler.onStdout?.(frame === null ? bytes : concatBytes([bytes, frame])));
  }
}

function bodyOf(p: Params, frame: Uint8Array | null): string {
  if (frame !== null) return latin1(frame, 0, frame.length);
  return atob((p["base64"] as string | undefined) ?? "");
}

/** Processes of one behaviour, for a platform that has none. */
export class MemoryProcesses {
  readonly started: MemoryPlugin[] = [];
  readonly #behaviour: Behaviour;
  readonly #binary: boolean;

  constructor(behaviour: Behaviour, binary: boolean) {
    this.#behaviour = behaviour;
    this.#binary = binary;
  }

  get processes(): Processes {
    return {
      pid: 1,
      spawn: (_spec: ProcessSpec, handler: ProcessHandler): Process => this.#spawn(handler),
      residentOf: () => null,
      cpuSecondsOf: () => null,
    } as unknown as Processes;
  }

  #spawn(handler: ProcessHandler): Process {
    const p = new MemoryPlugin(this.started.length + 10, this.#behaviour, handler, this.#binary);
    this.started.push(p);
    return {
      pid: p.pid,
      queued: 0,
      write: (b: Uint8Array) => {
        const own = b.slice();
        queueMicrotask(() => p.receive(own));
        return true;
      },
      endInput: () => {},
      kill: (signal: string) => {
        queueMicrotask(() => p.exit(null, signal));
        return true;
      },
    } as unknown as Process;
  }
}
