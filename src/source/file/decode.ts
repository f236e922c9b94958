import type { z } from "zod";
import { IssueTeller } from "./issue_teller.ts";
import type { Reporter } from "./problem_list.ts";

/** The schema's output, null when the value has problems; all of them are told. */
export function decode<S extends z.ZodType>(schema: S, value: unknown, report: Reporter): z.output<S> | null {
  const known = new WeakMap<readonly string[], readonly string[]>();
  const result = schema.safeParse(value, {
    error: (issue) => {
      // The only moment at which the schema behind an issue can be seen.
      if (issue.code === "unrecognized_keys") known.set(issue.keys as string[], keysOf(issue.inst));
      return undefined;
    },
  });
  if (result.success) return result.data;
  new IssueTeller(report, known).tellAll(result.error.issues, []);
  return null;
}

function keysOf(schema: unknown): string[] {
  const shape = (schema as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def?.shape;
  return shape === undefined ? [] : Object.keys(shape);
}
