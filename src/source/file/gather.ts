import { dirname, normalize } from "node:path";
import { keepOwnAlternatives } from "./alternatives.ts";
import { type ConfigFiles, pathFrom } from "./config_files.ts";
import { decode } from "./decode.ts";
import { expandGlob, isGlob } from "./glob.ts";
import type { LoadMemory } from "./load_memory.ts";
import { type ProblemList, Reporter } from "./problem_list.ts";
import { configSchema, defaultsSchema, includeSchema, type SingleKey } from "./schema/config.ts";
import { SourceText, type Span } from "./source_text.ts";
import { substitute } from "./substitute.ts";
import { type ConfNode, type MapNode, mergeNodes, type Path, toPlain } from "./tree.ts";
import { meantKey, tellUnknownKey } from "./unknown_key.ts";
import { readYaml } from "./yaml_tree.ts";

/** A resource of the config where it stands. */
export interface Item {
  /** With the defaults of its file under it. */
  readonly node: ConfNode;
  /** As written. */
  readonly own: ConfNode;
  readonly path: Path;
  /** Of its name, or of the item itself. */
  readonly key: Span;
}

/** All files of a config as one, nothing decoded yet. */
export interface Gathered {
  readonly listeners: Map<string, Item>;
  readonly clusters: Map<string, Item>;
  readonly plugins: Map<string, Item>;
  readonly routes: Item[];
  readonly singles: Map<SingleKey, Item>;
  /** Something could not be read, so that a name that is not here may still be there. */
  incomplete: boolean;
}

interface Defaults {
  readonly listener: ConfNode | null;
  readonly route: ConfNode | null;
  readonly cluster: ConfNode | null;
}

export interface GatherEnv {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: ConfigFiles;
  readonly problems: ProblemList;
  readonly memory: LoadMemory | null;
}

const NO_DEFAULTS: Defaults = { listener: null, route: null, cluster: null };
/** Files that include files that include…; a config that needs more is a loop in spirit. */
const DEPTH = 10;
const ROOT_KEYS: readonly string[] = Object.keys(configSchema.shape);
const NAMED = ["listeners", "clusters", "plugins"] as const;

/** Reads a file and all that it includes. */
export async function gather(fileName: string, text: string, env: GatherEnv): Promise<Gathered> {
  const gatherer = new Gatherer(env);
  await gatherer.add(normalize(fileName), text, NO_DEFAULTS, []);
  return gatherer.gathered;
}

class Gatherer {
  readonly gathered: Gathered = {
    listeners: new Map(),
    clusters: new Map(),
    plugins: new Map(),
    routes: [],
    singles: new Map(),
    incomplete: false,
  };
  readonly #env: GatherEnv;
  readonly #seen = new Set<string>();

  constructor(env: GatherEnv) {
    this.#env = env;
  }

  async add(fileName: string, text: string, above: Defaults, chain: readonly string[]): Promise<void> {
    const { problems, files, env } = this.#env;
    this.#seen.add(fileName);
    const source = new SourceText(fileName, text);
    const directory = dirname(fileName);
    problems.beginFile(fileName);
    const raw = readYaml(source, problems, this.#env.memory);
    if (raw === null) {
      this.gathered.incomplete = true;
      return;
    }
    const root = await substitute(raw, { env, readFile: (path) => files.read(pathFrom(directory, path)) }, problems);
    // An empty file is one whose parts are all commented out.
    if (root.kind === "scalar" && root.value === null) return;
    const report = new Reporter(problems, root, []);
    if (root.kind !== "map") {
      this.gathered.incomplete = true;
      report.error([], `write a map of keys such as "listeners": found ${report.foundAt([])}`);
      return;
    }
    this.#checkKeys(root, report);
    const defaults = this.#defaultsOf(root, above);
    this.#addSingles(root);
    for (const kind of NAMED) this.#addNamed(kind, root, defaultsFor(kind, defaults), report);
    this.#addRoutes(root, defaults.route, report);
    await this.#include(root, report, directory, defaults, [...chain, fileName]);
  }

  #checkKeys(root: MapNode, report: Reporter): void {
    const known = new Set(ROOT_KEYS);
    const unknown = [...root.entries.keys()].filter((key) => !known.has(key) && !key.startsWith("x-"));
    if (unknown.some((key) => [...NAMED, "include"].includes(meantKey(key, ROOT_KEYS)))) this.gathered.incomplete = true;
    for (const key of unknown) tellUnknownKey(report, [key], key, ROOT_KEYS);
  }

  #defaultsOf(root: MapNode, above: Defaults): Defaults {
    const entry = root.entries.get("defaults");
    if (entry === undefined) return above;
    // Told here too, for a default may stand over nothing.
    decode(defaultsSchema, toPlain(entry.value), new Reporter(this.#env.problems, entry.value, ["defaults"]));
    if (entry.value.kind !== "map") return above;
    const entries = entry.value.entries;
    const merged = (key: keyof Defaults): ConfNode | null => {
      const own = entries.get(key)?.value;
      if (own === undefined || own.kind !== "map") return above[key];
      return under(PLURAL[key], above[key], own);
    };
    return { listener: merged("listener"), route: merged("route"), cluster: merged("cluster") };
  }

  #addSingles(root: MapNode): void {
    for (const [key, entry] of root.entries) {
      if (!isSingle(key)) continue;
      const before = this.gathered.singles.get(key);
      if (before !== undefined) this.#duplicate(`give ${JSON.stringify(key)} once`, key, entry.key, before);
      else this.gathered.singles.set(key, { node: entry.value, own: entry.value, path: [key], key: entry.key });
    }
  }

  #addNamed(kind: (typeof NAMED)[number], root: MapNode, defaults: ConfNode | null, report: Reporter): void {
    const map = root.entries.get(kind)?.value;
    if (map === undefined || isNothing(map)) return;
    if (map.kind !== "map") {
      this.gathered.incomplete = true;
      report.error([kind], `write ${kind} as a map by name: found ${report.foundAt([kind])}`);
      return;
    }
    for (const [name, entry] of map.entries) {
      const before = this.gathered[kind].get(name);
      const own = entry.value;
      if (before !== undefined)
        this.#duplicate(`rename one of the two ${kind} ${JSON.stringify(name)}`, `${kind}.${name}`, entry.key, before);
      else
        this.gathered[kind].set(name, {
          node: kind === "plugins" ? own : under(kind, defaults, own),
          own,
          path: [kind, name],
          key: entry.key,
        });
    }
  }

  #addRoutes(root: MapNode, defaults: ConfNode | null, report: Reporter): void {
    const list = root.entries.get("routes")?.value;
    if (list === undefined || isNothing(list)) return;
    if (list.kind !== "list") {
      report.error(["routes"], `write routes as a list: found ${report.foundAt(["routes"])}`, 'each begins with "- "');
      return;
    }
    for (const [i, own] of list.items.entries())
      this.gathered.routes.push({
        node: under("routes", defaults, own),
        own,
        path: ["routes", i],
        key: new Reporter(report.list, own, []).span([]),
      });
  }

  async #include(
    root: MapNode,
    report: Reporter,
    directory: string,
    defaults: Defaults,
    chain: readonly string[],
  ): Promise<void> {
    const entry = root.entries.get("include");
    if (entry === undefined) return;
    const names = decode(includeSchema, toPlain(entry.value), new Reporter(this.#env.problems, entry.value, ["include"]));
    if (names === null) {
      this.gathered.incomplete = true;
      return;
    }
    for (const [i, name] of (typeof names === "string" ? [names] : names).entries()) {
      const at: Path = typeof names === "string" ? ["include"] : ["include", i];
      // A pattern may stand for nothing yet; a name may not.
      const paths = isGlob(name)
        ? (await expandGlob(name, directory, this.#env.files)).filter((path) => !chain.includes(path))
        : [pathFrom(directory, name)];
      for (const path of paths) await this.#includeOne(path, at, report, defaults, chain);
    }
  }

  async #includeOne(path: string, at: Path, report: Reporter, defaults: Defaults, chain: readonly string[]): Promise<void> {
    if (chain.includes(path)) {
      report.error(at, `remove the loop: ${JSON.stringify(path)} includes itself by way of ${chain.join(", ")}`);
      return;
    }
    if (this.#seen.has(path)) {
      report.error(at, `include ${JSON.stringify(path)} once: it is included already`);
      return;
    }
    if (chain.length > DEPTH) {
      report.error(at, `include less deeply: found more than ${DEPTH} levels of files`);
      return;
    }
    let text: string;
    try {
      text = await this.#env.files.read(path);
    } catch (e) {
      this.gathered.incomplete = true;
      report.error(
        at,
        `make the file readable: reading ${JSON.stringify(path)} failed: ${e instanceof Error ? e.message : String(e)}`,
      );
      return;
    }
    await this.add(path, text, defaults, chain);
  }

  #duplicate(what: string, path: string, span: Span, before: Item): void {
    const place = before.key.source.place(before.key.start, before.key.end);
    this.#env.problems.add("error", path, span, `${what}: the first stands at ${place.file}:${place.line}:${place.column}`);
  }
}

function isSingle(key: string): key is SingleKey {
  return ROOT_KEYS.includes(key) && !["$schema", "include", "defaults", "routes", ...NAMED].includes(key);
}

function defaultsFor(kind: (typeof NAMED)[number], { listener, cluster }: Defaults): ConfNode | null {
  return kind === "listeners" ? listener : kind === "clusters" ? cluster : null;
}

const PLURAL = { listener: "listeners", route: "routes", cluster: "clusters" } as const;

function under(kind: (typeof PLURAL)[keyof Defaults], defaults: ConfNode | null, own: ConfNode): ConfNode {
  if (defaults === null) return own;
  const merged = mergeNodes(defaults, own);
  return kind === "listeners" ? merged : keepOwnAlternatives(kind, merged, own);
}

function isNothing(node: ConfNode): boolean {
  return node.kind === "scalar" && node.value === null;
}
