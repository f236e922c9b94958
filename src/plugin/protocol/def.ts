import type { z } from "zod";

/** Gives a schema the name and the description under which it stands in `$defs` of the protocol's JSON Schema. */
export function def<S extends z.ZodType>(id: string, description: string, schema: S): S {
  return schema.meta({ id, description });
}
