import { localFault, type ProxyError } from "../../base/error.ts";
import { UpstreamHost } from "../host.ts";
import type { Host, Picker, PickInput } from "../types.ts";

/** The picker of a cluster without hosts of its own: each connection goes where it was going before it was redirected here. */
export class OriginalDestination implements Picker {
  readonly #error: ProxyError = localFault(
    "noHost",
    503,
    "Redirect connections to this listener, or take them over with TPROXY: this one was meant for the listener itself",
  );

  pick({ destination, exclude }: PickInput): Host | ProxyError {
    // There is no other place to try.
    const tried = exclude?.[0];
    if (tried !== undefined) return tried;
    if (destination === undefined || destination === null) return this.#error;
    return new UpstreamHost({ address: destination, weight: 1, metadata: new Map(), zone: "", priority: 0 }, [destination]);
  }
}
