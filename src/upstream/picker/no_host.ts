import { localFault, type ProxyError } from "../../base/error.ts";
import type { Picker } from "../types.ts";

export const NOBODY =
  "Add an endpoint with a weight above 0, or wait for its name to resolve: the cluster has no host to send to";
export const NOBODY_WELL =
  "Look at why hosts fail their checks, or set a panic threshold: no host of the cluster is healthy, and unhealthy ones may take nothing";
export const NOBODY_IN_SUBSET =
  'Give a host the metadata that the route asks for, or set a fallback such as "any": no host of the cluster has them';

/** The picker of a cluster without a host that takes traffic, whatever its policy. One error serves every request: it holds no request's facts. */
export class NoHostPicker implements Picker {
  readonly #error: ProxyError;

  constructor(message: string = NOBODY) {
    this.#error = localFault("noHost", 503, message);
  }

  pick(): ProxyError {
    return this.#error;
  }
}
