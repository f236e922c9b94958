import type { EndpointSpec, ForwardSpec, Model } from "../config/model.ts";
import { HashKeys, type KeySource } from "../exchange/hash_keys.ts";
import { MintedCookies } from "../exchange/minted_cookies.ts";
import { RouteKeys } from "../exchange/route_keys.ts";
import { ipFamily, UpstreamHost } from "../upstream/host.ts";
import { compilePicker } from "../upstream/picker/compile_picker.ts";
import { subsetKey } from "../upstream/picker/subset_picker.ts";

const ENV = { clock: { now: 0 }, random: () => 0, panics: { add: (): void => {} } };

/** Whose a request's keys are, as far as the config alone decides: its side of a sticky route, and its host of each cluster; in sentences. */
export function explainKeys(action: ForwardSpec, clusters: Model["clusters"], x: KeySource): string[] {
  const told = new Set<string>();
  const side = stickyText(action, clusters, x);
  if (side !== null) told.add(side);
  for (const t of action.to) {
    const text = hostText(t, action.hash, clusters, x);
    if (text !== null) told.add(text);
  }
  return [...told];
}

function stickyText({ to, sticky }: ForwardSpec, clusters: Model["clusters"], x: KeySource): string | null {
  if (sticky === null || to.length < 2) return null;
  const unknown = unknownText([sticky.on], x);
  if (unknown !== null) return `is on a side that ${unknown}`;
  const keyed = to.map((t) => ({ ...t, balance: clusters.get(t.cluster)!.balance }));
  const { index } = new RouteKeys(keyed, sticky, null, { next: () => 0 }).open(x);
  return `is on the side of ${JSON.stringify(to[index]!.cluster)}`;
}

function hostText(
  { cluster, subset }: ForwardSpec["to"][number],
  own: ForwardSpec["hash"],
  clusters: Model["clusters"],
  x: KeySource,
): string | null {
  const { balance, endpoints, sharing, hosts } = clusters.get(cluster)!;
  // A name has as many hosts as addresses, and other hosts are not known here.
  if ((balance.kind !== "ringHash" && balance.kind !== "maglev") || hosts !== "listed" || !endpoints.every(isLiteral))
    return null;
  const keys = own ?? balance.on;
  const where = `a host of cluster ${JSON.stringify(cluster)}`;
  const unknown = unknownText(keys, x);
  if (unknown !== null) return `has ${where} that ${unknown}`;
  const picker = compilePicker({ balance, sharing }, endpoints.map(hostOf), ENV);
  const hash = new HashKeys(keys).hash(x, new MintedCookies());
  const host = picker.pick({ hash, exclude: null, subset: subset === null ? null : subsetKey(subset) });
  return host instanceof Error
    ? null
    : `has ${host.label} by its key, while all hosts of cluster ${JSON.stringify(cluster)} are healthy`;
}

/** Why keys decide nothing yet; null: they do. */
function unknownText(keys: readonly Parameters<typeof isSource>[0][], x: KeySource): string | null {
  if (x.clientAddress === "" && keys.some(isSource)) return "the client's address decides: --from tells it";
  const minted = new MintedCookies();
  const hash = new HashKeys(keys).hash(x, minted);
  if (minted.lines.length > 0) return "a new cookie decides: it brings none";
  return hash === 0 ? "chance decides: it has no such key" : null;
}

function isSource({ kind }: NonNullable<ForwardSpec["hash"]>[number]): boolean {
  return kind === "source";
}

function isLiteral({ address }: EndpointSpec): boolean {
  return address.kind === "unix" || ipFamily(address.host) !== 0;
}

function hostOf(e: EndpointSpec): UpstreamHost {
  return new UpstreamHost(e, [e.address]);
}
