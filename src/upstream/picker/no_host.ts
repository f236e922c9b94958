import { localFault, type ProxyError } from "../../base/error.ts";
import type { Picker } from "../types.ts";

/** The picker of a cluster without a host that takes traffic, whatever its policy. One error serves every request: it holds no request's facts. */
export class NoHostPicker implements Picker {
  readonly #error: ProxyError = localFault(
    "noHost",
    503,
    "Add an endpoint with a weight above 0, or wait for its name to resolve: the cluster has no host to send to",
  );

  pick(): ProxyError {
    return this.#error;
  }
}
