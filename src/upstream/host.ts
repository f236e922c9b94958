import { addressText } from "../base/address.ts";
import type { EndpointSpec } from "../config/model.ts";
import type { Address } from "../platform/types.ts";
import type { LatencyPeak } from "./latency_peak.ts";
import type { Host, TellOutcome } from "./types.ts";

/** A host of a cluster. Lives as long as its addresses are named, over changes of weight and metadata, so that its pool and health live too. */
export class UpstreamHost implements Host {
  readonly addresses: readonly Address[];
  readonly label: string;
  readonly authority: string;
  /** Replaced when the config gives the same place another weight, zone or metadata. */
  endpoint: EndpointSpec;
  active = 0;
  preferred = 0;
  available = true;
  /** Below 0: in no cluster yet. */
  since = -1;
  outcome: TellOutcome | null = null;
  latency: LatencyPeak | null = null;

  constructor(endpoint: EndpointSpec, addresses: readonly Address[]) {
    this.addresses = addresses;
    this.label = addressText(addresses[0]!);
    this.authority = authorityOf(endpoint.address);
    this.endpoint = endpoint;
  }
}

/** What Host says of an endpoint (RFC 9110 7.2). A unix path is no host: `localhost` stands for it. */
export function authorityOf(a: Address): string {
  return a.kind === "unix" ? "localhost" : addressText(a);
}

/** 4 or 6 for an IP literal without brackets, 0 for a name. A colon is in no name; four numbers with dots are no name either (RFC 3986 3.2.2). */
export function ipFamily(host: string): 4 | 6 | 0 {
  if (host.includes(":")) return 6;
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host) ? 4 : 0;
}
