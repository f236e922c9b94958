import { addressText } from "../base/address.ts";
import type { ClusterSpec, EndpointSpec, ForwardSpec } from "../config/model.ts";
import type { BalanceSpec, HashKeySpec } from "../config/traffic_model.ts";
import { HashKeys, type KeySource } from "../exchange/hash_keys.ts";
import { MintedCookies } from "../exchange/minted_cookies.ts";
import { ipFamily, UpstreamHost } from "../upstream/host.ts";
import { compilePicker } from "../upstream/picker/compile_picker.ts";
import { matching } from "../upstream/picker/subset_picker.ts";

/** Hosts that are named one by one; the rest is counted. */
const NAMED = 12;

type Target = ForwardSpec["to"][number];

/** Which hosts of a cluster could be picked for a request, by what policy, and which one it is where the config alone decides. */
export function explainHosts(target: Target, own: readonly HashKeySpec[] | null, cluster: ClusterSpec, x: KeySource): string {
  const of = `in cluster ${JSON.stringify(cluster.name)} goes`;
  const { hosts, balance } = cluster;
  if (hosts === "originalDestination") return `${of} where its connection was going`;
  if (hosts !== "listed") {
    const where =
      hosts.kind === "srv" ? `that SRV records of ${JSON.stringify(hosts.name)} name` : `in ${JSON.stringify(hosts.path)}`;
    return `${of} to one of the hosts ${where}${subsetText(target)}, by ${policyText(balance, own)}`;
  }
  const taking = cluster.endpoints.filter((e) => e.weight > 0);
  const { some, why } = choose(taking, target, cluster);
  if (some.length === 0) return `${of} nowhere and gets 503: ${why}`;
  const [only] = some;
  if (some.length === 1 && isLiteral(only!)) return `${of} to ${endpointText(only!)}, the only one${why}`;
  const known = keyedHost(some, own, cluster, x);
  return `${of} to one of ${listText(some)}${why}, by ${policyText(balance, own)}${known}${levelsText(some)}`;
}

/** What a sticky route makes of the request's share. */
export function explainSticky({ sticky, to }: ForwardSpec): string | null {
  if (sticky === null || to.length < 2) return null;
  return `stays with its cluster by ${keyText(sticky.on)}`;
}

/** The endpoints of the subset, or of the fallback. */
function choose(
  taking: readonly EndpointSpec[],
  { subset }: Target,
  { sharing }: ClusterSpec,
): { some: readonly EndpointSpec[]; why: string } {
  if (taking.length === 0) return { some: [], why: "no endpoint has a weight above 0" };
  if (subset === null) return { some: taking, why: "" };
  const with_ = metadataText(subset);
  const some = having(taking, subset);
  if (some.length > 0) return { some, why: ` with ${with_}` };
  const { subsetFallback, fallbackSubset } = sharing;
  if (subsetFallback === "any") return { some: taking, why: `, for none has ${with_}` };
  if (subsetFallback === "none") return { some, why: `no endpoint has ${with_}` };
  const others = having(taking, fallbackSubset);
  const text = metadataText(fallbackSubset);
  return {
    some: others,
    why: others.length === 0 ? `no endpoint has ${with_}, nor ${text}` : ` with ${text}, for none has ${with_}`,
  };
}

function having(endpoints: readonly EndpointSpec[], wanted: ReadonlyMap<string, string>): EndpointSpec[] {
  return matching(endpoints.map(hostOf), wanted).map((h) => h.endpoint);
}

function hostOf(e: EndpointSpec): UpstreamHost {
  return new UpstreamHost(e, [e.address]);
}

/** A name has as many hosts as addresses. */
function isLiteral({ address }: EndpointSpec): boolean {
  return address.kind === "unix" || ipFamily(address.host) !== 0;
}

/** With keys, and addresses alone, tables are what they will be. */
function keyedHost(
  some: readonly EndpointSpec[],
  own: readonly HashKeySpec[] | null,
  { balance, sharing }: ClusterSpec,
  x: KeySource,
): string {
  if (balance.kind !== "ringHash" && balance.kind !== "maglev") return "";
  const keys = own ?? balance.on;
  if (x.clientAddress === "" && keys.some((k) => k.kind === "source")) return "; --from tells of which client";
  const minted = new MintedCookies();
  const hash = new HashKeys(keys).hash(x, minted);
  if (minted.lines.length > 0) return "; it brings no cookie and is given one";
  if (hash === 0) return "; it has no such key, and chance decides";
  if (!some.every(isLiteral)) return "; the key has one of their addresses";
  const env = { clock: { now: 0 }, random: () => 0, panics: { add: () => {} } };
  const picker = compilePicker({ balance, sharing: { ...sharing, subsets: [] } }, some.map(hostOf), env);
  const host = picker.pick({ hash, exclude: null });
  return host instanceof Error ? "" : `; its key has ${host.label} while all are healthy`;
}

function policyText(b: BalanceSpec, own: readonly HashKeySpec[] | null): string {
  switch (b.kind) {
    case "ringHash":
    case "maglev":
      return `${b.kind} of ${(own ?? b.on).map(keyText).join(" and ")}`;
    case "leastRequest":
      return `leastRequest of ${b.choices}`;
    default:
      return b.kind;
  }
}

function keyText(key: HashKeySpec): string {
  switch (key.kind) {
    case "header":
    case "cookie":
      return `${key.kind} ${JSON.stringify(key.name)}`;
    case "query":
      return `query parameter ${JSON.stringify(key.name)}`;
    case "source":
      return "the client's address";
    case "path":
      return "the path";
  }
}

function listText(some: readonly EndpointSpec[]): string {
  const named = some.slice(0, NAMED).map((e) => `${isLiteral(e) ? "" : "the addresses of "}${endpointText(e)}`);
  const rest = some.length - named.length;
  return named.join(", ") + (rest === 0 ? "" : ` and ${rest} more`);
}

function endpointText({ address, weight, zone, priority }: EndpointSpec): string {
  const notes: string[] = [];
  if (weight !== 1) notes.push(`weight ${weight}`);
  if (zone !== "") notes.push(`zone ${zone}`);
  if (priority !== 0) notes.push(`priority ${priority}`);
  return addressText(address) + (notes.length === 0 ? "" : ` (${notes.join(", ")})`);
}

function levelsText(some: readonly EndpointSpec[]): string {
  return new Set(some.map((e) => e.priority)).size < 2 ? "" : "; a lower priority takes what those above it can't";
}

function subsetText({ subset }: Target): string {
  return subset === null ? "" : ` with ${metadataText(subset)}`;
}

function metadataText(wanted: ReadonlyMap<string, string>): string {
  return [...wanted].map(([k, v]) => `${k}=${v}`).join(" and ");
}
