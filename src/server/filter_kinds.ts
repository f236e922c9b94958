import type { FilterSpec } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import type { FilterEnv, FilterFactory, FilterKind, Maybe } from "../filter/types.ts";
import { ADMISSION } from "../filters/admission/kind.ts";
import { FAULT } from "../filters/fault/kind.ts";
import { GRPC_WEB } from "../filters/grpc_web/kind.ts";

type BuiltIn = Exclude<FilterSpec, { kind: "plugin" | "module" }>;

/** The filters that are built in, by the kind that the model calls them. */
const KINDS: { readonly [K in BuiltIn["kind"]]: FilterKind<Extract<BuiltIn, { kind: K }>> } = {
  grpcWeb: GRPC_WEB,
  fault: FAULT,
  admission: ADMISSION,
};

/** A filter of the config with its settings, or why there is none. */
export function provisionFilter(spec: BuiltIn, env: FilterEnv): Maybe<FilterFactory | readonly Problem[]> {
  // The kind says which of them it is; TypeScript can't follow that.
  const kind = KINDS[spec.kind] as FilterKind<BuiltIn>;
  return kind.provision(spec, env);
}
