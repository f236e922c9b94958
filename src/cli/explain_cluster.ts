import { addressText } from "../base/address.ts";
import type { ClusterSpec, EndpointSpec, ForwardSpec } from "../config/model.ts";
import type { HashKeySpec, SharingSpec } from "../config/traffic_model.ts";

type Target = ForwardSpec["to"][number];

/** Which policy chooses among which hosts, in a sentence; how they are now is not known here. `hash`: the route's own keys. */
export function explainCluster(spec: ClusterSpec, { subset }: Target, hash: ForwardSpec["hash"]): string {
  return `cluster ${JSON.stringify(spec.name)} chooses by ${policyText(spec, hash)} ${hostsText(spec, subset)}`;
}

function policyText({ balance }: ClusterSpec, hash: ForwardSpec["hash"]): string {
  if (balance.kind !== "ringHash" && balance.kind !== "maglev") return balance.kind;
  return `${balance.kind} of ${(hash ?? balance.on).map(hashKeyText).join(" and ")}`;
}

export function hashKeyText(key: HashKeySpec): string {
  if (key.kind === "source") return "the client's address";
  if (key.kind === "path") return "the path";
  return `${key.kind} ${key.name}`;
}

function hostsText({ hosts, endpoints, sharing }: ClusterSpec, subset: Target["subset"]): string {
  const asked = subset === null ? "" : ` with ${valuesText(subset)}`;
  if (hosts === "originalDestination") return "the host that the connection was going to";
  if (hosts !== "listed") return `among the hosts${asked} ${sourceText(hosts)}`;
  const all = endpoints.filter((e) => e.weight > 0);
  if (subset === null) return `among ${levelsText(all)}`;
  const found = all.filter((e) => has(e, subset));
  if (found.length > 0) return `among those${asked}: ${levelsText(found)}`;
  return `among those${asked}: there are none, so ${fallbackText(sharing, all)}`;
}

function sourceText(hosts: Exclude<ClusterSpec["hosts"], string>): string {
  if (hosts.kind === "srv") return `of ${hosts.name}`;
  return hosts.kind === "file" ? `in ${hosts.path}` : `that the plugin ${hosts.plugin} tells`;
}

function fallbackText({ subsetFallback, fallbackSubset }: SharingSpec, all: readonly EndpointSpec[]): string {
  if (subsetFallback === "none") return "it is answered with 503";
  if (subsetFallback === "any") return `among all: ${levelsText(all)}`;
  const found = all.filter((e) => has(e, fallbackSubset));
  const asked = `with ${valuesText(fallbackSubset)}`;
  return found.length === 0 ? `it is answered with 503, for there are none ${asked} either` : `${asked}: ${levelsText(found)}`;
}

/** The first level, and those behind it. */
function levelsText(endpoints: readonly EndpointSpec[]): string {
  const priorities = [...new Set(endpoints.map((e) => e.priority))].sort((a, b) => a - b);
  const levels = priorities.map((p) => namesText(endpoints.filter((e) => e.priority === p)));
  return levels.join("; as far as those can't: ");
}

const SHOWN = 8;

function namesText(endpoints: readonly EndpointSpec[]): string {
  const told = endpoints.slice(0, SHOWN).map((e) => `${addressText(e.address)}${e.weight === 1 ? "" : ` (weight ${e.weight})`}`);
  if (endpoints.length > SHOWN) told.push(`${endpoints.length - SHOWN} more`);
  return told.join(", ");
}

function has(e: EndpointSpec, values: ReadonlyMap<string, string>): boolean {
  for (const [key, value] of values) if (e.metadata.get(key) !== value) return false;
  return true;
}

function valuesText(values: ReadonlyMap<string, string>): string {
  return values.size === 0 ? "no metadata" : [...values].map(([key, value]) => `${key} ${value}`).join(" and ");
}
