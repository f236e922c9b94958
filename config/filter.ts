import { type Filter, type FilterExchange, reply } from "weir/filter";

/** Refuses requests that have a field. */
export default {
  open(x: FilterExchange, config: { field: string }): Filter | null {
    if (!x.request.fields.has(config.field)) return null;
    return { onRequest: () => reply(403, `no ${config.field} here\n`) };
  },
};
