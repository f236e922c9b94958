import type { Place, Problem } from "../../config/problem.ts";
import { placeOf, type Span } from "./source_text.ts";
import { type ConfNode, headOf, keySpanAt, nodeAt, type Path, pathText } from "./tree.ts";

/** Collects problems. The same advice at the same place, as of a default under many routes, is kept once. */
export class ProblemList {
  readonly #found = new Map<string, Problem>();
  readonly #files = new Map<string, number>();
  #errors = 0;
  #told = 0;

  /** How often a problem was told, those included that are kept once. */
  get told(): number {
    return this.#told;
  }

  get errors(): number {
    return this.#errors;
  }

  add(severity: Problem["severity"], path: string, span: Span | null, message: string, hint = ""): void {
    this.#told++;
    const place = span === null ? null : placeOf(span);
    const advice = message.replace(/:.*$/s, "");
    const key = `${place === null ? path : `${place.file}:${place.line}:${place.column}`} ${advice}`;
    if (this.#found.has(key)) return;
    this.#found.set(key, { severity, path, message, hint, place });
    if (severity === "error") this.#errors++;
  }

  /** Files stand in the order in which they were begun. */
  beginFile(name: string): void {
    if (!this.#files.has(name)) this.#files.set(name, this.#files.size);
  }

  /** In the order of files and lines; those without a place first. */
  sorted(): Problem[] {
    const rank = (p: Place | null): number => (p === null ? -1 : (this.#files.get(p.file) ?? this.#files.size));
    return [...this.#found.values()].sort(
      (a, b) =>
        rank(a.place) - rank(b.place) ||
        (a.place?.line ?? 0) - (b.place?.line ?? 0) ||
        (a.place?.column ?? 0) - (b.place?.column ?? 0),
    );
  }
}

/** Reports on one resource of the config: paths are given from the resource on. */
export class Reporter {
  readonly list: ProblemList;
  readonly #node: ConfNode;
  readonly #path: Path;

  constructor(list: ProblemList, node: ConfNode, path: Path) {
    this.list = list;
    this.#node = node;
    this.#path = path;
  }

  /** At the value of `path`. */
  error(path: Path, message: string, hint = ""): void {
    this.list.add("error", this.#text(path), this.span(path), message, hint);
  }

  warn(path: Path, message: string, hint = ""): void {
    this.list.add("warning", this.#text(path), this.span(path), message, hint);
  }

  /** At the key of `path`. */
  errorAtKey(path: Path, message: string, hint = ""): void {
    this.list.add("error", this.#text(path), keySpanAt(this.#node, path), message, hint);
  }

  /** At the key of `path` where it is there; what only the defaults say is not told of each resource below them. */
  warnAtOwnKey(path: Path, message: string, hint = ""): void {
    if (this.has(path)) this.list.add("warning", this.#text(path), keySpanAt(this.#node, path), message, hint);
  }

  span(path: Path): Span {
    return headOf(nodeAt(this.#node, path));
  }

  /** `weir.yaml:12`, for messages that name a second place. */
  whereIs(path: Path): string {
    const { source, start, end } = this.span(path);
    const place = source.place(start, end);
    return `${place.file}:${place.line}`;
  }

  /** The value at `path` in words: `"5 sec"`, `the number 5`, `a list`. */
  foundAt(path: Path): string {
    return foundText(nodeAt(this.#node, path));
  }

  has(path: Path): boolean {
    if (path.length === 0) return true;
    const parent = nodeAt(this.#node, path.slice(0, -1));
    const last = path[path.length - 1]!;
    return parent.kind === "map"
      ? parent.entries.has(String(last))
      : parent.kind === "list" && Number(last) < parent.items.length;
  }

  #text(path: Path): string {
    return pathText([...this.#path, ...path]);
  }
}

const SHOWN = 60;

function foundText(node: ConfNode): string {
  if (node.kind === "map") return "a map";
  if (node.kind === "list") return "a list";
  if (node.value === null) return "nothing";
  if (typeof node.value === "number") return `the number ${node.value}`;
  if (typeof node.value === "boolean") return String(node.value);
  return quote(node.value);
}

/** The value in quotes, cut where it would fill the line. */
export function quote(s: string): string {
  return JSON.stringify(s.length > SHOWN ? `${s.slice(0, SHOWN)}…` : s);
}
