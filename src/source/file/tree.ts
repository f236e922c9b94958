import type { SourceText, Span } from "./source_text.ts";

/** A value of a config file that remembers where it stands, also after files and defaults have been merged. */
export type ConfNode = MapNode | ListNode | ScalarNode;

export interface MapNode {
  readonly kind: "map";
  readonly span: Span;
  readonly entries: ReadonlyMap<string, MapEntry>;
}

export interface MapEntry {
  readonly key: Span;
  readonly value: ConfNode;
}

export interface ListNode {
  readonly kind: "list";
  readonly span: Span;
  readonly items: readonly ConfNode[];
}

export interface ScalarNode {
  readonly kind: "scalar";
  readonly span: Span;
  readonly value: string | number | boolean | null;
}

export type Path = readonly (string | number)[];

/** The node at `path`, or the nearest one above it that is there. */
export function nodeAt(root: ConfNode, path: Path): ConfNode {
  let node = root;
  for (const step of path) {
    const next = childOf(node, step);
    if (next === null) return node;
    node = next;
  }
  return node;
}

export function childOf(node: ConfNode, step: string | number): ConfNode | null {
  if (node.kind === "map") return node.entries.get(String(step))?.value ?? null;
  if (node.kind === "list") return node.items[Number(step)] ?? null;
  return null;
}

/** Where the key that leads to `path` stands; of a list's item, the item itself. */
export function keySpanAt(root: ConfNode, path: Path): Span {
  const parent = nodeAt(root, path.slice(0, -1));
  const last = path[path.length - 1];
  if (parent.kind === "map" && last !== undefined) return parent.entries.get(String(last))?.key ?? headOf(parent);
  return headOf(nodeAt(root, path));
}

/** What a caret points at: a scalar whole, of a map its first key, of a list its first item. */
export function headOf(node: ConfNode): Span {
  if (node.kind === "map") {
    const first = node.entries.values().next().value;
    // A map in braces is shown from its brace on; one in a block starts with its first key.
    if (first !== undefined && first.key.source === node.span.source && first.key.start === node.span.start) return first.key;
  }
  return node.span;
}

/** The same in another text, where everything stands `by` characters further on. */
export function movedNode(node: ConfNode, source: SourceText, by: number): ConfNode {
  const span = movedSpan(node.span, source, by);
  if (node.kind === "scalar") return { kind: "scalar", span, value: node.value };
  if (node.kind === "list") return { kind: "list", span, items: node.items.map((item) => movedNode(item, source, by)) };
  const entries = new Map<string, MapEntry>();
  for (const [name, { key, value }] of node.entries)
    entries.set(name, { key: movedSpan(key, source, by), value: movedNode(value, source, by) });
  return { kind: "map", span, entries };
}

function movedSpan(span: Span, source: SourceText, by: number): Span {
  return { source, start: span.start + by, end: span.end + by };
}

/** Plain values for the decoder. Maps become records without a prototype: names of a file are no properties. */
export function toPlain(node: ConfNode): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(toPlain);
  const record: Record<string, unknown> = Object.create(null);
  for (const [key, entry] of node.entries) record[key] = toPlain(entry.value);
  return record;
}

/** `routes[0].match[1].prefix`; a key that is no word is quoted. */
export function pathText(path: Path): string {
  let out = "";
  for (const step of path) {
    if (typeof step === "number") out += `[${step}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(step)) out += out === "" ? step : `.${step}`;
    else out += `[${JSON.stringify(step)}]`;
  }
  return out;
}

/** `over` on top of `under`: maps are merged key by key, anything else is replaced. */
export function mergeNodes(under: ConfNode, over: ConfNode): ConfNode {
  if (under.kind !== "map" || over.kind !== "map") return over;
  const entries = new Map(over.entries);
  for (const [key, entry] of under.entries) {
    const own = over.entries.get(key);
    entries.set(key, own === undefined ? entry : { key: own.key, value: mergeNodes(entry.value, own.value) });
  }
  return { kind: "map", span: over.span, entries };
}
