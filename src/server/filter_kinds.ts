import type { FilterSpec } from "../config/model.ts";
import type { FilterFactory, FilterKind } from "../filter/types.ts";
import { GRPC_WEB } from "../filters/grpc_web/kind.ts";

/** The filters that are built in, by the kind that the model calls them. */
const KINDS: { readonly [K in FilterSpec["kind"]]: FilterKind<Extract<FilterSpec, { kind: K }>> } = {
  grpcWeb: GRPC_WEB,
};

/** A filter of the config with its settings. */
export function provisionFilter(spec: FilterSpec): FilterFactory {
  return KINDS[spec.kind].provision(spec);
}
