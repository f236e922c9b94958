import type { Model } from "../config/model.ts";
import type { ConfigSink, ConfigSource, Receipt } from "../config/source.ts";

/** A model that is there from the start and never changes. */
export class StaticSource implements ConfigSource {
  readonly name = "static";
  readonly #model: Model;
  #sink: ConfigSink | null = null;

  constructor(model: Model) {
    this.#model = model;
  }

  async run(sink: ConfigSink, _signal: AbortSignal): Promise<void> {
    this.#sink = sink;
    await this.reload();
  }

  async reload(): Promise<Receipt> {
    return this.#sink === null ? { generation: 0, problems: [] } : await this.#sink.offer(this.#model, []);
  }
}
