import type { Message } from "../link/message_reader.ts";
import type { PluginLink } from "../link/plugin_link.ts";
import type { InitializeResult } from "../protocol/initialize.ts";

/** A process of a plugin, as those see it who give it calls. */
export interface PoolProcess {
  /** Its number among those of the whole weir. */
  readonly index: number;
  readonly pid: number;
  readonly link: PluginLink;
  /** Exchanges that belong to it. */
  readonly exchanges: number;
  /** Bytes that it has not read. */
  readonly queued: number;
  /** What it said of itself. */
  readonly info: InitializeResult;
  enter(x: number): void;
  exit(x: number): void;
  /** No new calls: it is of no more use here. */
  leave(): void;
  /** Ends it at once: its calls fail now. */
  kill(why: string): void;
}

/** Hears what processes say beside the answers to their calls. */
export interface ProcessHearer<P extends PoolProcess = PoolProcess> {
  /** False: nobody asked for it. `line`: the message as it came. */
  onNotice(p: P, method: string, params: Message, bytes: Uint8Array | null, line: Uint8Array): boolean;
  onRequest(p: P, id: number | string, method: string, params: Message, bytes: Uint8Array | null, line: Uint8Array): void;
  /** An answer to nothing that was asked from here; false: nobody asked for it. */
  onUnasked(p: P, id: unknown, line: Uint8Array, bytes: Uint8Array | null): boolean;
}

/** Whoever gives calls to processes. */
export interface ProcessesOwner<P extends PoolProcess = PoolProcess> extends ProcessHearer<P> {
  /** It takes calls. */
  onReady(p: P): void;
  /** It gets no new exchanges, and is to leave when it has none. */
  onRetired(p: P): void;
  /** The last call: it is gone. `why`: for people. */
  onGone(p: P, why: string): void;
  /** None takes calls, and it is not likely that one will soon. */
  onHopeless(why: string): void;
}

/** Numbers that nobody else uses: `first`, `first + step` and so on. */
export interface Numbering {
  readonly first: number;
  readonly step: number;
}

export const EVERY_NUMBER: Numbering = Object.freeze({ first: 1, step: 1 });

/** The processes of one plugin in one version, wherever they run. */
export interface PluginProcesses {
  /** What the plugin says of itself. Only after a good start. */
  readonly info: InitializeResult;
  /** None takes calls, and it is not likely that one will soon. */
  readonly isHopeless: boolean;
  /** Of exchanges. Only after a good start. */
  readonly numbering: Numbering;
  /** Resolves when calls can be made, to null, or with the reason, for people, when they can't. */
  start(): Promise<string | null>;
  /** Tells all processes the settings of a use, as JSON. Resolves to their number, or to what is wrong with them. */
  configure(json: string): Promise<number | string>;
  /** No call will name these settings any more. */
  unconfigure(number: number): void;
  /** All are retired, and no others start. */
  close(): void;
  /** Ends all that are left now, after `close`. */
  kill(): void;
}
