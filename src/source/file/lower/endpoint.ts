import type { EndpointSpec } from "../../../config/model.ts";
import type { Address } from "../../../platform/types.ts";
import type { EndpointConfig } from "../schema/endpoint.ts";

/** `address`: what relative paths of unix sockets start at. */
export function lowerEndpoint(e: EndpointConfig, address: (a: Address) => Address): EndpointSpec {
  if ("kind" in e) return { address: address(e), weight: 1, metadata: new Map(), zone: "", priority: 0 };
  const metadata = new Map(Object.entries(e.metadata ?? {}));
  return { address: address(e.address), weight: e.weight, metadata, zone: e.zone, priority: 0 };
}
