import { dirname } from "node:path";
import { z } from "zod";
import type { EndpointSpec } from "../../../config/model.ts";
import type { Problem } from "../../../config/problem.ts";
import type { Address } from "../../../platform/types.ts";
import { pathFrom } from "../config_files.ts";
import { decode } from "../decode.ts";
import { lowerEndpoints } from "../lower/hosts.ts";
import { ProblemList, Reporter } from "../problem_list.ts";
import { endpointSchema } from "../schema/endpoint.ts";
import { SourceText } from "../source_text.ts";
import { toPlain } from "../tree.ts";
import { readYaml } from "../yaml_tree.ts";

/** A list, or why it is none. */
export type EndpointsRead =
  | { readonly kind: "list"; readonly endpoints: readonly EndpointSpec[] }
  | { readonly kind: "bad"; readonly problems: readonly Problem[] };

const listSchema = z.array(endpointSchema);

/**
 * Reads the text of a file of endpoints: a list in YAML or JSON, each item as `endpoints` of a cluster has it. `[]` is a list; a file
 * without anything is none, for it may be one that is just being written. Relative paths of unix sockets start at the file's directory.
 */
export function readEndpoints(path: string, text: string): EndpointsRead {
  const problems = new ProblemList();
  const endpoints = readEndpointsInto(problems, path, text);
  return endpoints === null ? { kind: "bad", problems: problems.sorted() } : { kind: "list", endpoints };
}

/** The same with its problems among others; null when there is one. */
export function readEndpointsInto(problems: ProblemList, path: string, text: string): readonly EndpointSpec[] | null {
  const source = new SourceText(path, text.replace(/^\uFEFF/, ""));
  problems.beginFile(path);
  const before = problems.errors;
  const root = readYaml(source, problems, null);
  if (root === null) return null;
  const report = new Reporter(problems, root, []);
  if (root.kind !== "list") {
    report.error([], `write a list of endpoints: found ${report.foundAt([])}`, 'each begins with "- "');
    return null;
  }
  const list = decode(listSchema, toPlain(root), report);
  if (list === null || problems.errors > before) return null;
  const directory = dirname(path);
  const address = (a: Address): Address =>
    a.kind === "tcp" || a.path.startsWith("\0") ? a : { kind: "unix", path: pathFrom(directory, a.path) };
  return lowerEndpoints(list, address);
}
