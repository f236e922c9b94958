import type { Model } from "./model.ts";
import type { Problem } from "./problem.ts";

/** What became of a config that was offered. It exists only after the swap, so that whoever is told "applied" can rely on it. */
export interface Receipt {
  /** Number of the config in force: the offered one, or the one before when it was refused. */
  readonly generation: number;
  /** Those of severity `error` say why it was refused; without one it is in force. */
  readonly problems: readonly Problem[];
}

/** Who takes what a source finds. */
export interface ConfigSink {
  /** A whole model. What did not change since the last one is left alone. */
  offer(m: Model, warnings: readonly Problem[]): Promise<Receipt>;
  /** The source found something that is no config: what is in force stays. */
  refuse(problems: readonly Problem[]): Receipt;
}

/** Where config comes from. */
export interface ConfigSource {
  readonly name: string;
  /** Offers the first config and then each change, until `signal` aborts; rejects only when the source can't work any more. */
  run(sink: ConfigSink, signal: AbortSignal): Promise<void>;
  /** Looks again now, whether or not anything seems changed. */
  reload(): Promise<Receipt>;
}
