import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from "yaml";
import { readJson } from "./json_tree.ts";
import type { LoadMemory } from "./load_memory.ts";
import { ProblemList } from "./problem_list.ts";
import type { SourceText, Span } from "./source_text.ts";
import type { ConfNode, MapEntry, ScalarNode } from "./tree.ts";
import { readByPieces } from "./yaml_pieces.ts";
import { syntaxMessage, tellSyntax } from "./yaml_syntax.ts";

/** Nodes that aliases may add to one file: a few lines of nested aliases stand for billions of values otherwise. */
const ALIAS_NODES = 100_000;
/** Nesting that no config needs; deeper text would only exhaust the stack. */
const DEPTH = 100;
/** YAML 1.1 and 1.2 disagree on these, so they reach the decoder as text: 0600, 0o600, 0x1F. */
const LEADING_ZERO = /^[-+]?0[0-9ox]/;

/**
 * The tree of a YAML or JSON text; null when its syntax is wrong, for what can be guessed of the rest would only mislead. `memory`: of the
 * load before.
 */
export function readYaml(source: SourceText, problems: ProblemList, memory: LoadMemory | null): ConfNode | null {
  const isJson = /\.json$/i.test(source.name);
  // JSON is YAML, but for its tabs.
  const json = isJson || (/^\s*\{/.test(source.text) && !source.text.includes("\t")) ? readJson(source) : null;
  if (json !== null) return json;
  if (memory !== null && !isJson) {
    const pieced = readByPieces(source, memory, (start, end, depth) => readPiece(source, start, end, depth));
    if (pieced !== null) return pieced;
  }
  // A raw tab can't stand inside a JSON string, so outside of one a space is the same; YAML would refuse some of them.
  const document = parse(isJson ? source.text.replaceAll("\t", " ") : source.text);
  tellSyntax(document.errors, source, problems);
  for (const w of document.warnings)
    problems.add("error", "", { source, start: w.pos[0], end: w.pos[1] }, syntaxMessage(w.code, w.message));
  if (document.errors.length > 0) return null;
  const contents = document.contents as Node | null;
  if (contents === null) {
    const span = { source, start: 0, end: source.text.length };
    return { kind: "scalar", span, value: null };
  }
  return new TreeReader(source, 0, problems).read(contents, 0);
}

/** null: the piece is empty, is wrong, has aliases, which may mean something outside of it, or holds what its neighbours give a place. */
function readPiece(source: SourceText, start: number, end: number, depth: number): ConfNode | null {
  const document = parse(source.text.slice(start, end));
  const contents = document.contents as Node | null;
  if (contents === null || document.errors.length + document.warnings.length > 0) return null;
  const problems = new ProblemList();
  const reader = new TreeReader(source, start, problems);
  const tree = reader.read(contents, depth);
  // The head ends with a key that has no value yet, and behind the tail there is nothing.
  const placeless = depth === 0 ? 0 : reader.placeless;
  return reader.aliases + placeless + problems.told > 0 ? null : tree;
}

function parse(text: string): ReturnType<typeof parseDocument> {
  return parseDocument(text, { prettyErrors: false, uniqueKeys: false, strict: true, merge: false });
}

class TreeReader {
  /** Met so far. */
  aliases = 0;
  /** Keys and values without a sign of their own: where they stand depends on what follows. */
  placeless = 0;
  readonly #source: SourceText;
  readonly #offset: number;
  readonly #problems: ProblemList;
  readonly #anchors = new Map<string, Node>();
  /** Entries that came by `<<` and may be overridden by the map's own. */
  readonly #merged = new WeakSet<MapEntry>();
  /** Targets of the aliases that are being followed. */
  readonly #following = new Set<Node>();
  #aliasNodes = 0;

  /** `offset`: where the document begins in the source. */
  constructor(source: SourceText, offset: number, problems: ProblemList) {
    this.#source = source;
    this.#offset = offset;
    this.#problems = problems;
  }

  read(node: Node, depth: number): ConfNode {
    const span = this.#span(node);
    if (depth > DEPTH) return this.#give(span, `nest less deeply: found more than ${DEPTH} levels`);
    if (this.#following.size > 0 && ++this.#aliasNodes > ALIAS_NODES) return { kind: "scalar", span, value: null };
    if (isAlias(node)) return this.#alias(node, span, depth);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isMap(node)) {
      const entries = this.#entries(node, depth);
      const last = [...entries.values()].at(-1);
      return { kind: "map", span: node.flow === true ? span : blockSpan(span, last?.value.span, last?.key), entries };
    }
    if (isSeq(node)) {
      const items = node.items.map((item) => this.read(item as Node, depth + 1));
      return { kind: "list", span: node.flow === true ? span : blockSpan(span, items.at(-1)?.span), items };
    }
    if (isScalar(node)) return this.#scalar(node, span);
    return { kind: "scalar", span, value: null };
  }

  #entries(map: YAMLMap, depth: number): Map<string, MapEntry> {
    const entries = new Map<string, MapEntry>();
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const key = this.#span(pair.key);
      if (!isScalar(pair.key)) {
        this.#problems.add("error", "", key, "write a plain key: found a list, a map or an alias as a key");
        continue;
      }
      const name = pair.key.type === "PLAIN" ? String(pair.key.source ?? "") : String(pair.key.value);
      const value: ConfNode = pair.value === null ? { kind: "scalar", span: key, value: null } : this.read(pair.value, depth + 1);
      if (name === "<<" && pair.key.type === "PLAIN") {
        this.#merge(entries, value, key);
        continue;
      }
      const before = entries.get(name);
      if (before !== undefined && !this.#merged.has(before)) {
        const line = before.key.source.place(before.key.start, before.key.end).line;
        this.#problems.add(
          "error",
          "",
          key,
          `remove or rename one of the two keys ${JSON.stringify(name)}: the first stands in line ${line}`,
        );
        continue;
      }
      entries.set(name, { key, value });
    }
    return entries;
  }

  #merge(entries: Map<string, MapEntry>, value: ConfNode, key: Span): void {
    const maps = value.kind === "list" ? value.items : [value];
    for (const map of maps) {
      if (map.kind !== "map") {
        this.#problems.add("error", "", key, 'give "<<" a map or a list of maps');
        continue;
      }
      for (const [name, entry] of map.entries) {
        if (entries.has(name)) continue;
        const copy = { key: entry.key, value: entry.value };
        this.#merged.add(copy);
        entries.set(name, copy);
      }
    }
  }

  #alias(alias: Alias, span: Span, depth: number): ConfNode {
    this.aliases++;
    const target = this.#anchors.get(alias.source);
    if (target === undefined)
      return this.#give(
        span,
        `define the anchor before it is used: found "*${alias.source}", and no "&${alias.source}" above it`,
      );
    if (this.#following.has(target))
      return this.#give(span, `remove the alias: "*${alias.source}" stands inside of what it stands for`);
    const before = this.#aliasNodes;
    this.#following.add(target);
    const node = this.read(target, depth + 1);
    this.#following.delete(target);
    // Told once, of the outermost alias that goes too far.
    if (this.#aliasNodes > ALIAS_NODES && before <= ALIAS_NODES && this.#following.size === 0)
      return this.#give(span, `use fewer aliases: together they stand for more than ${ALIAS_NODES} values`);
    return node;
  }

  #scalar(node: Scalar, span: Span): ScalarNode {
    const value = node.value;
    if (typeof value === "number" || typeof value === "bigint") {
      const text = node.source ?? String(value);
      return {
        kind: "scalar",
        span,
        value: LEADING_ZERO.test(text) && text !== "0" && !text.startsWith("0.") ? text : Number(value),
      };
    }
    if (typeof value === "string" || typeof value === "boolean") return { kind: "scalar", span, value };
    return { kind: "scalar", span, value: null };
  }

  #span(node: Node): Span {
    const [start, end] = node.range ?? [0, 0];
    if (start === end) this.placeless++;
    return { source: this.#source, start: this.#offset + start, end: this.#offset + end };
  }

  #give(span: Span, message: string): ScalarNode {
    this.#problems.add("error", "", span, message);
    return { kind: "scalar", span, value: null };
  }
}

/** A block ends where the last of it does: the library counts comments behind it, or not, by what follows. */
function blockSpan(whole: Span, ...last: readonly (Span | undefined)[]): Span {
  const ends = last.map((s) => s?.end ?? 0);
  const end = Math.max(...ends);
  // By way of an alias the last may stand far above.
  return end <= whole.start ? whole : { source: whole.source, start: whole.start, end };
}
