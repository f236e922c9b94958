import { addressText } from "../base/address.ts";
import type { EndpointSpec } from "../config/model.ts";
import type { Address } from "../platform/types.ts";
import { authorityOf, UpstreamHost } from "./host.ts";

/** A host as it should be: an endpoint, and the addresses that it stands for now. */
export interface HostDraft {
  readonly endpoint: EndpointSpec;
  /** Never empty. */
  readonly addresses: readonly Address[];
}

export interface HostChange {
  /** In the order of the drafts. */
  readonly hosts: readonly UpstreamHost[];
  /** Hosts that are no longer named. */
  readonly gone: readonly UpstreamHost[];
  /** Whether anything that a picker or a label shows is different from before. */
  readonly changed: boolean;
}

/**
 * Turns drafts into hosts, with the object of each host that was there: same endpoint address, same addresses behind it. An endpoint named
 * twice is two hosts, matched in their order. Weight, zone, priority and metadata are taken over by the host that stays.
 */
export function reconcile(before: readonly UpstreamHost[], drafts: readonly HostDraft[]): HostChange {
  const free = new Map<string, UpstreamHost[]>();
  for (const host of before) {
    const key = keyOf(host.authority, host.addresses);
    const same = free.get(key);
    if (same === undefined) free.set(key, [host]);
    else same.push(host);
  }
  const hosts: UpstreamHost[] = [];
  const stayed = new Set<UpstreamHost>();
  let changed = drafts.length !== before.length;
  for (let i = 0; i < drafts.length; i++) {
    const { endpoint, addresses } = drafts[i]!;
    const known = free.get(keyOf(authorityOf(endpoint.address), addresses))?.shift();
    const host = known ?? new UpstreamHost(endpoint, addresses);
    if (known !== undefined) {
      stayed.add(known);
      if (!sameEndpoint(known.endpoint, endpoint)) changed = true;
      known.endpoint = endpoint;
    }
    if (host !== before[i]) changed = true;
    hosts.push(host);
  }
  return { hosts, gone: before.filter((h) => !stayed.has(h)), changed };
}

/** What tells the hosts of a cluster apart, in this process and in others: an endpoint that is named twice has one. */
export function hostKey(h: { readonly authority: string; readonly addresses: readonly Address[] }): string {
  return keyOf(h.authority, h.addresses);
}

function keyOf(authority: string, addresses: readonly Address[]): string {
  let key = authority;
  for (const a of addresses) key += `\n${addressText(a)}`;
  return key;
}

function sameEndpoint(a: EndpointSpec, b: EndpointSpec): boolean {
  if (a === b) return true;
  if (a.weight !== b.weight || a.zone !== b.zone || a.priority !== b.priority || a.metadata.size !== b.metadata.size)
    return false;
  for (const [k, v] of a.metadata) if (b.metadata.get(k) !== v) return false;
  return true;
}
