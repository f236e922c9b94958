import { dirname } from "node:path";
import { EVERY_ABILITY, type RuntimeAbilities } from "../../../config/runtime_abilities.ts";
import type { Address } from "../../../platform/types.ts";
import { EndpointFiles } from "../check/endpoint_files.ts";
import { Folders } from "../check/folders.ts";
import { Modules } from "../check/modules.ts";
import { PluginChecks } from "../check/plugins.ts";
import { TlsFiles } from "../check/tls_files.ts";
import { pathFrom } from "../config_files.ts";
import type { Gathered, Item } from "../gather.ts";
import { LoadMemory } from "../load_memory.ts";
import { type ProblemList, Reporter } from "../problem_list.ts";

/** What lowering one resource needs to know of the whole. */
export class Lowering {
  readonly problems: ProblemList;
  readonly gathered: Gathered;
  readonly memory: LoadMemory;
  readonly runtime: RuntimeAbilities;
  /** Files that the config names for TLS, to be looked at when all is lowered. */
  readonly tlsFiles = new TlsFiles();
  readonly endpointFiles = new EndpointFiles();
  readonly pluginChecks = new PluginChecks();
  readonly folders = new Folders();
  readonly modules = new Modules();
  readonly #directory: string;

  constructor(
    gathered: Gathered,
    fileName: string,
    problems: ProblemList,
    memory: LoadMemory | null,
    runtime: RuntimeAbilities = EVERY_ABILITY,
  ) {
    this.memory = memory ?? new LoadMemory();
    this.runtime = runtime;
    this.gathered = gathered;
    this.problems = problems;
    this.#directory = dirname(fileName);
  }

  reporter(item: Item): Reporter {
    return new Reporter(this.problems, item.node, item.path);
  }

  /** Of what the item itself says, its defaults left out. */
  ownReporter(item: Item): Reporter {
    return new Reporter(this.problems, item.own, item.path);
  }

  /** Relative paths start at the directory of the config that was named. */
  path(path: string): string {
    return pathFrom(this.#directory, path);
  }

  address(a: Address): Address {
    return a.kind === "tcp" || a.path.startsWith("\0") ? a : { kind: "unix", path: this.path(a.path) };
  }
}
