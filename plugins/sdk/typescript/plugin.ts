import type { Host } from "./host.ts";
import type {
  Attributes,
  BodyPhase,
  ChoosePhase,
  Endpoint,
  Field,
  HeadPhase,
  LogPhase,
  Match,
  Request,
  Respond,
  Response,
  TickPhase,
  UpstreamHost,
  Action as WireAction,
} from "./protocol.ts";

export type Maybe<T> = T | Promise<T>;

/** An answer to the client; its body is `text` or `bytes`. */
export type Reply = Omit<Respond, "base64"> & { bytes?: Uint8Array };

/** What a handler wants: members that are absent change nothing. A body in place of the old one is `text` or `bytes`. */
export type Action = Omit<WireAction, "base64" | "respond"> & { bytes?: Uint8Array; respond?: Reply };

/** What a handler gives back: an action, or nothing to change nothing. */
export type Outcome = Maybe<Action | null | undefined>;

/** What every call of an exchange has. */
export interface Call<Config> {
  /** Number of the exchange. */
  readonly x: number;
  /** What `configure` made of the settings of this use. */
  readonly config: Config;
  /** Aborted when the host does not wait any more: the client is gone, or the deadline has passed. Made when it is asked for. */
  readonly signal: AbortSignal;
  /** What handlers of one exchange leave for each other. */
  readonly state: Map<string, unknown>;
}

export interface HeadCall<Config> extends Call<Config> {
  /** Milliseconds that the host waits for the answer. */
  readonly deadlineMs: number;
  /** No body follows. */
  readonly end: boolean;
  readonly attributes: Attributes;
  /** Value of the first field of this name, in lower case. Its characters are its bytes. */
  field(name: string): string | undefined;
  /** Values of all fields of this name. */
  fieldAll(name: string): string[];
}

export interface RequestCall<Config> extends HeadCall<Config> {
  readonly request: Request;
}

export interface ResponseCall<Config> extends HeadCall<Config> {
  readonly response: Response;
}

/** A whole body. */
export interface BodyCall<Config> extends Call<Config> {
  readonly deadlineMs: number;
  readonly bytes: Uint8Array;
  readonly trailers: readonly Field[];
  /** The body as text; what is no UTF-8 becomes U+FFFD. */
  text(): string;
}

export interface ChooseCall<Config> extends Call<Config> {
  readonly deadlineMs: number;
  readonly cluster: string;
  readonly hosts: readonly UpstreamHost[];
  /** Which try of the request, from 1. */
  readonly attempt: number;
  readonly attributes: Attributes;
}

export type StreamCall<Config> = Call<Config>;

/** A body that comes in pieces. A piece is acknowledged when the next one is asked for, so that the host sends no more than is dealt with. */
export interface BodyReader extends AsyncIterable<Uint8Array> {
  /** Those that came with the end. */
  readonly trailers: readonly Field[];
  /** Acknowledges the piece in hand now: for one that was written or dropped before the rest is passed. */
  taken(): void;
}

export type Piece = Uint8Array | string;

/** What a stream's handler may return: trailers of its own, or that all it has not taken goes on unchanged. */
export interface StreamOut {
  readonly trailers?: Field[];
  readonly pass?: true;
}

/** A generator of what goes on in a body's place. A throw gives the body up. */
export type StreamHandler<Config> = (
  body: BodyReader,
  call: StreamCall<Config>,
  host: Host,
) => AsyncGenerator<Piece, StreamOut | undefined, unknown>;

export interface Watch {
  readonly cluster: string;
  readonly config: unknown;
  /** Aborted when the endpoints are not wanted any more. */
  readonly signal: AbortSignal;
  /** Tells the whole list. */
  tell(endpoints: Endpoint[]): void;
}

type BodyHandler<Config> = (call: BodyCall<Config>, host: Host) => Outcome;
type BodyPhaseOf<Config> =
  | (Omit<BodyPhase, "mode"> & { mode?: "buffered"; handle: BodyHandler<Config> })
  | { mode: "streamed"; handle: StreamHandler<Config> };

/** A plugin: who it is, and a handler for each phase that it wants. */
export interface Plugin<Config = unknown> {
  readonly name: string;
  readonly version: string;
  /** Requests that it has to do with: absent or empty: all. The call that is not made is the cheapest. */
  readonly match?: Match[];
  /** JSON Schema of the settings. */
  readonly configSchema?: Record<string, unknown>;
  /** Bodies come as text where they are valid UTF-8: less work where there are no binary frames. */
  readonly text?: boolean;
  /** Makes of a use's settings what handlers get. A throw refuses them, with its message. Absent: they are taken as they are. */
  configure?(value: unknown, host: Host): Maybe<Config>;
  readonly requestHead?: HeadPhase & { handle(call: RequestCall<Config>, host: Host): Outcome };
  readonly requestBody?: BodyPhaseOf<Config>;
  readonly responseHead?: HeadPhase & { handle(call: ResponseCall<Config>, host: Host): Outcome };
  readonly responseBody?: BodyPhaseOf<Config>;
  /** The address of one of the hosts; nothing: the cluster's own policy. */
  readonly chooseUpstream?: ChoosePhase & {
    handle(call: ChooseCall<Config>, host: Host): Maybe<string | null | undefined>;
  };
  /** `lost`: records that did not come because the plugin was slow. */
  readonly log?: LogPhase & { handle(records: Attributes[], lost: number, host: Host): Maybe<void> };
  /** `time`: milliseconds since 1970. */
  readonly tick?: TickPhase & { handle(time: number, config: Config, host: Host): Maybe<void> };
  readonly endpoints?: { watch(watch: Watch, host: Host): Maybe<void> };
  /** An exchange is over. Told where the plugin has more than one phase of exchanges, or a streamed body. */
  done?(x: number, state: ReadonlyMap<string, unknown>, host: Host): void;
  /** The last thing before the process ends: what is held back can be sent. Host calls fail where the host is gone. */
  stop?(host: Host): Maybe<void>;
}
