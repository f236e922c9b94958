import type { z } from "zod";
import { decode } from "../../../../../src/source/file/decode.ts";
import { ProblemList, Reporter } from "../../../../../src/source/file/problem_list.ts";
import { SourceText } from "../../../../../src/source/file/source_text.ts";
import { toPlain } from "../../../../../src/source/file/tree.ts";
import { readYaml } from "../../../../../src/source/file/yaml_tree.ts";

/** What `lower` makes of a piece of YAML, null when it can't be read, and the messages of all problems. */
export function lowerPart<S extends z.ZodType, T>(
  text: string,
  schema: S,
  lower: (c: z.output<S>, report: Reporter) => T,
): { spec: T | null; problems: string[] } {
  const problems = new ProblemList();
  const root = readYaml(new SourceText("part.yaml", text), problems, null)!;
  const report = new Reporter(problems, root, []);
  const c = decode(schema, toPlain(root), report);
  const spec = c === null ? null : lower(c, report);
  return { spec, problems: problems.sorted().map((p) => p.message) };
}
