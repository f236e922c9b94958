// A filter of the smallest work: a field of the request, one of the reply.
import type { Filter, FilterExchange } from "../../src/filter/types.ts";

export default {
  open(_x: FilterExchange): Filter {
    return {
      onRequest(x) {
        x.request.fields.set("x-hello", x.request.fields.get("user-agent") ?? "nobody");
      },
      onResponse(_x, head) {
        head.fields.set("x-hello", "seen");
      },
    };
  },
};
