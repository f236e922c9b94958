import type { Case, Mode } from "./run_case.ts";

/** The cases of plugins/conformance, which are inside the program. */
export async function conformanceCases(): Promise<readonly Case[]> {
  const module: object = await import("../../../../plugins/conformance/cases.json", { with: { type: "json" } });
  return (module as { readonly default: { readonly cases: readonly Case[] } }).default.cases;
}

/** Cases with the mode each is run in, under names that differ. */
export function runsOf(cases: readonly Case[]): readonly { readonly name: string; readonly of: Case; readonly mode: Mode }[] {
  return cases.flatMap((of) =>
    of.modes === undefined
      ? [{ name: of.name, of, mode: "binary" as const }]
      : of.modes.map((mode) => ({ name: `${of.name} (${mode})`, of, mode })),
  );
}
