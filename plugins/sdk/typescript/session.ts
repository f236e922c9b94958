import { Answers } from "./answers.ts";
import type { Direction } from "./body_stream.ts";
import { CallError, codeOf, ERROR, messageOf } from "./call_error.ts";
import { ChooseHostCall, RequestHeadCall, ResponseHeadCall, WholeBodyCall } from "./calls.ts";
import { descriptionOf } from "./description.ts";
import { Exchanges, isToldOfEnds } from "./exchanges.ts";
import { HostLink } from "./host.ts";
import { LogQueue } from "./log_queue.ts";
import type { Plugin } from "./plugin.ts";
import type {
  Attributes,
  BodyParams,
  ChooseUpstreamParams,
  ConfigureParams,
  DataParams,
  InitializeParams,
  LogParams,
  RequestHeadParams,
  ResponseHeadParams,
  TakenParams,
  TickParams,
  WatchEndpointsParams,
} from "./protocol.ts";
import type { Message } from "./reader.ts";
import { Streams } from "./streams.ts";
import { Watches } from "./watches.ts";
import type { Writer } from "./writer.ts";

const PROTOCOL = 1;
const REQUEST: Direction = { out: "requestOut", taken: "requestTaken" };
const RESPONSE: Direction = { out: "responseOut", taken: "responseTaken" };

// Params are what the host has checked; a method takes those of its own.
type OnRequest = (id: number, p: never, frame: Uint8Array | null) => void;
type OnNotice = (p: never, frame: Uint8Array | null) => void;

/** A plugin on one line: what comes is dealt out to its handlers, and what they answer goes back. */
export class Session<Config> {
  readonly #plugin: Plugin<Config>;
  readonly #writer: Writer;
  readonly #host: HostLink;
  readonly #answers: Answers;
  readonly #exchanges: Exchanges;
  readonly #configs = new Map<number, Config>();
  readonly #streams: Streams<Config>[] = [];
  readonly #requests = new Map<string, OnRequest>();
  readonly #notices = new Map<string, OnNotice>();
  readonly #end: (code: number) => void;

  /** `end` ends the process when all is written. */
  constructor(plugin: Plugin<Config>, writer: Writer, end: (code: number) => void) {
    this.#plugin = plugin;
    this.#writer = writer;
    this.#host = new HostLink(writer);
    this.#answers = new Answers(writer);
    this.#exchanges = new Exchanges(isToldOfEnds(plugin));
    this.#end = end;
    this.#hearLife();
    this.#hearHeads();
    this.#hearBodies();
    this.#hearRest();
  }

  message(m: Message, frame: Uint8Array | null): void {
    if (m.method === undefined) this.#host.answer(m, frame);
    else if (m.id === undefined) this.#notices.get(m.method)?.((m.params ?? {}) as never, frame);
    else {
      const id = m.id as number;
      const run = this.#requests.get(m.method);
      if (run === undefined) this.#answers.failed(id, ERROR.method, `no method ${m.method}`);
      else
        try {
          run(id, (m.params ?? {}) as never, frame);
        } catch (e) {
          this.#answers.failed(id, codeOf(e, ERROR.failed), messageOf(e));
        }
    }
  }

  /** The end of the input: the host is gone. */
  async inputEnded(): Promise<void> {
    this.#host.gone();
    await this.#stop();
    this.#end(0);
  }

  #hearLife(): void {
    const answers = this.#answers;
    this.#requests
      .set("initialize", (id, p: InitializeParams) => answers.promise(id, this.#initialize(p), ERROR.params))
      .set("configure", (id, p: ConfigureParams) => answers.promise(id, this.#configure(p), ERROR.params))
      .set("ping", (id) => answers.done(id, {}))
      .set("shutdown", (id) => answers.promise(id, this.#stop(), ERROR.failed, () => this.#end(0)));
    this.#notices
      .set("unconfigure", (p: { config: number }) => void this.#configs.delete(p.config))
      .set("cancel", (p: { id: number }) => answers.cancel(p.id))
      .set("done", (p: { x: number }) => this.#done(p.x));
  }

  #hearHeads(): void {
    const { requestHead, responseHead, chooseUpstream } = this.#plugin;
    const [answers, host, exchanges] = [this.#answers, this.#host, this.#exchanges];
    if (requestHead !== undefined)
      this.#requests.set("requestHead", (id, p: RequestHeadParams) => {
        const call = new RequestHeadCall(p, this.#config(p.config), exchanges);
        answers.action(id, call, requestHead.handle(call, host));
      });
    if (responseHead !== undefined)
      this.#requests.set("responseHead", (id, p: ResponseHeadParams) => {
        const call = new ResponseHeadCall(p, this.#config(p.config), exchanges);
        answers.action(id, call, responseHead.handle(call, host));
      });
    if (chooseUpstream !== undefined)
      this.#requests.set("chooseUpstream", (id, p: ChooseUpstreamParams) => {
        const call = new ChooseHostCall(p, this.#config(p.config), exchanges);
        const asResult = (address: string | null | undefined) => (address == null ? {} : { host: address });
        answers.result(id, call, chooseUpstream.handle(call, host), asResult);
      });
  }

  #hearBodies(): void {
    for (const [name, direction] of [
      ["request", REQUEST],
      ["response", RESPONSE],
    ] as const) {
      const phase = this.#plugin[`${name}Body`];
      if (phase === undefined) continue;
      if (phase.mode === "streamed") {
        const streams = new Streams(phase.handle, direction, this.#host, this.#writer, this.#exchanges);
        this.#streams.push(streams);
        this.#notices
          .set(`${name}Data`, (p: DataParams, frame) => streams.data(p, frame, this.#config(p.config)))
          .set(`${name}Taken`, (p: TakenParams) => streams.credit(p.x, p.bytes));
      } else
        this.#requests.set(`${name}Body`, (id, p: BodyParams, frame) => {
          const call = new WholeBodyCall(p, frame, this.#config(p.config), this.#exchanges);
          this.#answers.action(id, call, phase.handle(call, this.#host));
        });
    }
  }

  #hearRest(): void {
    const { log, tick, endpoints } = this.#plugin;
    const host = this.#host;
    if (log !== undefined) {
      const queue = new LogQueue<Attributes>((records, lost) => log.handle(records, lost, host), this.#failure("log"));
      this.#notices.set("log", (p: LogParams) => queue.push(p.records, p.lost ?? 0));
    }
    if (tick !== undefined)
      this.#notices.set("tick", (p: TickParams) =>
        this.#quietly("tick", () => tick.handle(p.time, this.#config(p.config), host)),
      );
    if (endpoints === undefined) return;
    const watches = new Watches(host);
    this.#notices
      .set("watchEndpoints", (p: WatchEndpointsParams) =>
        this.#quietly("endpoints", () => endpoints.watch(watches.open(p), host)),
      )
      .set("unwatchEndpoints", (p: { watch: number }) => watches.close(p.watch));
  }

  async #initialize(p: InitializeParams): Promise<unknown> {
    const { min, max } = p.protocol;
    if (min > PROTOCOL || max < PROTOCOL)
      throw new CallError(`this plugin speaks version ${PROTOCOL} of the protocol, the host ${min} to ${max}`, ERROR.params);
    this.#host.plugin = p.plugin;
    this.#host.process = p.process ?? 0;
    this.#host.calls = p.capabilities?.calls ?? [];
    this.#writer.binary = p.capabilities?.binary === true;
    this.#writer.messageBytes = p.limits?.messageBytes ?? this.#writer.messageBytes;
    for (const streams of this.#streams) streams.window = p.limits?.streamWindow ?? streams.window;
    await this.#configure({ config: 0, value: p.config ?? null });
    return { protocol: PROTOCOL, ...descriptionOf(this.#plugin) };
  }

  async #configure(p: ConfigureParams): Promise<unknown> {
    const made = this.#plugin.configure === undefined ? (p.value as Config) : await this.#plugin.configure(p.value, this.#host);
    this.#configs.set(p.config, made);
    return {};
  }

  #config(number: number | undefined): Config {
    return this.#configs.get(number ?? 0) as Config;
  }

  #done(x: number): void {
    this.#answers.exchangeDone(x);
    for (const streams of this.#streams) streams.done(x);
    const state = this.#exchanges.done(x);
    this.#quietly("done", () => this.#plugin.done?.(x, state, this.#host));
  }

  async #stop(): Promise<unknown> {
    try {
      await this.#plugin.stop?.(this.#host);
    } catch (e) {
      this.#host.log.error(`stop has failed: ${messageOf(e)}`);
    }
    return {};
  }

  /** What nobody waits for tells of its failure in the log. */
  #quietly(what: string, run: () => unknown): void {
    try {
      const made = run();
      if (made instanceof Promise) made.catch(this.#failure(what));
    } catch (e) {
      this.#failure(what)(e);
    }
  }

  #failure(what: string): (e: unknown) => void {
    return (e) => this.#host.log.error(`${what} has failed: ${messageOf(e)}`);
  }
}
