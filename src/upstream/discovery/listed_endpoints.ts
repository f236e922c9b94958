import type { EndpointSpec } from "../../config/model.ts";
import type { EndpointSink, EndpointSource } from "./endpoint_source.ts";

/** Those that stand in the config. */
export class ListedEndpoints implements EndpointSource {
  readonly #endpoints: readonly EndpointSpec[];

  constructor(endpoints: readonly EndpointSpec[]) {
    this.#endpoints = endpoints;
  }

  start(sink: EndpointSink): void {
    sink.set(this.#endpoints);
  }

  close(): void {
    // Nothing more would be told.
  }
}
