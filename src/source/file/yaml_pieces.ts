import type { LoadMemory, ReadItem } from "./load_memory.ts";
import type { SourceText } from "./source_text.ts";
import { type ConfNode, type MapNode, movedNode } from "./tree.ts";

/** Reads a stretch of the file as a YAML document whose root is `depth` levels deep; null when anything in it calls for the whole. */
export type ReadPiece = (start: number, end: number, depth: number) => ConfNode | null;

interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Line ends of another kind, directives and further documents. */
const UNUSUAL = /\r|^(?:%|---|\.\.\.)/m;
const ROUTES = /^routes:[ ]*(?:#.*)?\n/gm;
/** Depth of the list of routes: one below the root. */
const LIST_DEPTH = 1;

/**
 * The tree of a YAML text of which the routes that stood in the last load are not parsed again: reading YAML takes about a microsecond a
 * byte. The file is cut before each item of its list `routes`, and an item is known by its text.
 *
 * A cut is sound because a block list is told by indentation: a line that begins with "- " at the list's own column is its next item or
 * an error (YAML 1.2.2, 8.2.1), and every piece is read by the same reader as a document of its own. What could make a piece mean
 * something else than it does in its place is left to the reader of the whole, as is any problem: null then.
 */
export function readByPieces(source: SourceText, memory: LoadMemory, read: ReadPiece): ConfNode | null {
  const { text } = source;
  if (UNUSUAL.test(text)) return null;
  const [line, second] = [...text.matchAll(ROUTES)];
  if (line === undefined || second !== undefined) return null;
  const listed = line.index + line[0].length;
  const cut = cutItems(text, listed);
  if (cut === null) return null;
  const head = read(0, listed, 0);
  if (head?.kind !== "map" || !endsWithEmptyKey(head, line.index)) return null;
  const items = readItems(source, cut.items, memory, read);
  if (items === null) return null;
  const list: ConfNode = {
    kind: "list",
    span: { source, start: cut.items[0]!.start + cut.indent, end: items.at(-1)!.span.end },
    items,
  };
  const entries = new Map(head.entries);
  entries.set("routes", { key: head.entries.get("routes")!.key, value: list });
  if (cut.end < text.length) {
    const tail = read(cut.end, text.length, 0);
    if (tail?.kind !== "map") return null;
    for (const [name, entry] of tail.entries) {
      if (entries.has(name)) return null;
      entries.set(name, entry);
    }
  }
  const last = [...entries.values()].at(-1)!.value;
  return { kind: "map", span: { source, start: head.span.start, end: last.span.end }, entries };
}

/** Whether the root's last key is the one at `at`, with nothing behind it yet: the list then is its value. */
function endsWithEmptyKey(root: MapNode, at: number): boolean {
  const [name, entry] = [...root.entries].at(-1) ?? [];
  return name === "routes" && entry!.key.start === at && entry!.value.kind === "scalar" && entry!.value.value === null;
}

/** The items of a block list, each with the lines up to the next; null when it is no such list. */
function cutItems(
  text: string,
  from: number,
): { readonly items: readonly Stretch[]; readonly indent: number; readonly end: number } | null {
  const starts: number[] = [];
  let indent = -1;
  let at = from;
  for (; at < text.length; at = nextLine(text, at)) {
    let first = at;
    while (text[first] === " ") first++;
    const sign = text[first];
    if (sign === "\n" || sign === "#" || sign === undefined) continue;
    const column = first - at;
    const isItem = sign === "-" && (text[first + 1] === " " || text[first + 1] === "\n");
    if (indent < 0) {
      if (!isItem) return null;
      indent = column;
    }
    if (column > indent) continue;
    if (column === indent && isItem) starts.push(at);
    // The root's next key.
    else if (column === 0 && /[\w$"']/.test(sign)) break;
    else return null;
  }
  if (starts.length === 0) return null;
  return { items: starts.map((start, i) => ({ start, end: starts[i + 1] ?? at })), indent, end: at };
}

function nextLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
}

function readItems(source: SourceText, cuts: readonly Stretch[], memory: LoadMemory, read: ReadPiece): ConfNode[] | null {
  const texts = cuts.map(({ start, end }) => source.text.slice(start, end));
  const nodes: (ReadItem | null)[] = texts.map((text) => memory.items.find(text));
  for (let i = 0; i < cuts.length; i++) {
    if (nodes[i] !== null) continue;
    let next = i + 1;
    while (next < cuts.length && nodes[next] === null) next++;
    // Neighbours are read together: a document for each would cost more than what stands in it.
    const list = read(cuts[i]!.start, cuts[next - 1]!.end, LIST_DEPTH);
    if (list?.kind !== "list" || list.items.length !== next - i) return null;
    for (const [j, node] of list.items.entries()) {
      const { start, end } = cuts[i + j]!;
      if (node.span.start < start || node.span.end > end) return null;
      nodes[i + j] = { node, start };
    }
  }
  return nodes.map((known, i) => {
    const { start } = cuts[i]!;
    // Moved also when it stands where it stood: its places are to be those of this text, and the one before is to be freed.
    const node = movedNode(known!.node, source, start - known!.start);
    memory.items.keep(texts[i]!, { node, start });
    return node;
  });
}
