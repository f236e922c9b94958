import { dirname } from "node:path";
import { z } from "zod";
import type { EndpointSpec } from "../../config/model.ts";
import type { Problem } from "../../config/problem.ts";
import { pathFrom } from "./config_files.ts";
import { decode } from "./decode.ts";
import { lowerEndpoints } from "./lower/hosts.ts";
import { ProblemList, Reporter } from "./problem_list.ts";
import { endpointSchema } from "./schema/cluster.ts";
import { SourceText } from "./source_text.ts";
import { toPlain } from "./tree.ts";
import { readYaml } from "./yaml_tree.ts";

export interface EndpointsFile {
  /** null when the text has a problem: the set before stays in force. */
  readonly endpoints: readonly EndpointSpec[] | null;
  readonly problems: readonly Problem[];
}

/** A list, as it would stand in the config, may be empty here: hosts come and go. A file that says nothing is one that is being written. */
const schema = z.array(endpointSchema);

/**
 * The endpoints in a file that `endpointsFile` of a cluster names, YAML or JSON. Paths of unix sockets start at its directory.
 *
 * @example const { endpoints, problems } = readEndpointsFile(text, "/etc/weir/endpoints.yaml")
 */
export function readEndpointsFile(text: string, fileName: string): EndpointsFile {
  const problems = new ProblemList();
  return { endpoints: readEndpoints(text, fileName, problems), problems: problems.sorted() };
}

/** The same, with its problems among others. */
export function readEndpoints(text: string, fileName: string, problems: ProblemList): EndpointSpec[] | null {
  problems.beginFile(fileName);
  const root = readYaml(new SourceText(fileName, text.replace(/^\uFEFF/, "")), problems, null);
  if (root === null) return null;
  const report = new Reporter(problems, root, []);
  if (root.kind !== "list") {
    report.error([], `write a list of endpoints: found ${report.foundAt([])}`, '[] takes all away; each begins with "- "');
    return null;
  }
  const errors = problems.errors;
  const c = decode(schema, toPlain(root), report);
  if (c === null || problems.errors > errors) return null;
  const directory = dirname(fileName);
  return lowerEndpoints(c, (a) =>
    a.kind === "tcp" || a.path.startsWith("\0") ? a : { kind: "unix", path: pathFrom(directory, a.path) },
  );
}
