import type { FilterSpec } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import type { FilterEnv, FilterFactory, FilterKind, Maybe } from "../filter/types.ts";
import { ADMISSION } from "../filters/admission/kind.ts";
import { FAULT } from "../filters/fault/kind.ts";
import { GRPC_WEB } from "../filters/grpc_web/kind.ts";
import { moduleKind } from "../filters/module/kind.ts";

/** The filters that are built in, by the kind that the model calls them. */
const KINDS: { readonly [K in Exclude<FilterSpec["kind"], "module">]: FilterKind<Extract<FilterSpec, { kind: K }>> } = {
  grpcWeb: GRPC_WEB,
  fault: FAULT,
  admission: ADMISSION,
};

/** A filter of the config with its settings, or why there is none. `modules`: those that the config names. */
export function provisionFilter(
  spec: FilterSpec,
  env: FilterEnv,
  modules: ReadonlyMap<string, object>,
): Maybe<FilterFactory | readonly Problem[]> {
  if (spec.kind === "module") return moduleKind(modules).provision(spec, env);
  // The kind says which of them it is; TypeScript can't follow that.
  const kind = KINDS[spec.kind] as FilterKind<FilterSpec>;
  return kind.provision(spec, env);
}
