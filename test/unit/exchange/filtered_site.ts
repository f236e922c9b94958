import type { FilterSpec } from "../../../src/config/model.ts";
import type { Filter } from "../../../src/filter/types.ts";
import { type HostsOptions, HostsSite } from "./hosts_site.ts";

/** A Weir in memory whose route to `app` has these filters. */
export class FilteredSite extends HostsSite {
  static async of(filters: readonly Filter[], o: HostsOptions = {}): Promise<FilteredSite> {
    const site = new FilteredSite((spec) => ({ open: () => filters[indexOf(spec)]! }));
    const list = filters.map((_f, i) => `{ fault: { abort: {}, maxActive: ${i + 1} } }`).join(", ");
    await site.apply({ ...o, route: `, filters: [${list}] ${o.route ?? ""}` });
    return site;
  }
}

/** Settings tell apart what stands in one list. */
function indexOf(spec: FilterSpec): number {
  return spec.kind === "fault" ? spec.maxActive - 1 : 0;
}
