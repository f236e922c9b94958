import type { ProblemList } from "./problem_list.ts";
import type { Span } from "./source_text.ts";
import type { ConfNode, MapEntry, ScalarNode } from "./tree.ts";

/** What `${…}` may read. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file named relative to the config file; rejects when it can't be read. */
  readFile(path: string): Promise<string>;
}

/** `$${`, `${NAME}`, `${NAME:-default}`, `${file:PATH}`, or a `${` that is none of these. */
const REFERENCE = /\$\$\{|\$\{file:([^}]*)\}|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{[^}]*\}?/g;

/** Fills in `${ENV}` and `${file:PATH}` in every string value; keys stay as they are. */
export async function substitute(root: ConfNode, from: Surroundings, problems: ProblemList): Promise<ConfNode> {
  const files = new Map<string, Promise<string | Error>>();
  const readOnce = (path: string): Promise<string | Error> => {
    let text = files.get(path);
    if (text === undefined) {
      text = from.readFile(path).catch((e: unknown) => (e instanceof Error ? e : new Error(String(e))));
      files.set(path, text);
    }
    return text;
  };

  async function walk(node: ConfNode): Promise<ConfNode> {
    if (!holdsReference(node)) return node;
    if (node.kind === "scalar") return fill(node);
    if (node.kind === "list") {
      const items: ConfNode[] = [];
      for (const item of node.items) items.push(await walk(item));
      return { ...node, items };
    }
    const entries = new Map<string, MapEntry>();
    for (const [key, entry] of node.entries) entries.set(key, { key: entry.key, value: await walk(entry.value) });
    return { ...node, entries };
  }

  async function fill(node: ScalarNode): Promise<ScalarNode> {
    const text = node.value as string;
    let out = "";
    let at = 0;
    for (const m of text.matchAll(REFERENCE)) {
      out += text.slice(at, m.index);
      at = m.index + m[0].length;
      out += await referenced(m, spanIn(node.span, m[0]));
    }
    return { ...node, value: out + text.slice(at) };
  }

  async function referenced(m: RegExpMatchArray, span: Span): Promise<string> {
    const [whole, path, name, fallback] = m;
    if (whole === "$${") return "${";
    if (path !== undefined) {
      const content = await readOnce(path);
      if (typeof content === "string") return content.replace(/\r?\n$/, "");
      problems.add(
        "error",
        "",
        span,
        `make the file readable: ${whole} names ${JSON.stringify(path)}, and reading it failed: ${content.message}`,
      );
      return "";
    }
    if (name !== undefined) {
      const value = from.env[name];
      // As in a shell, `:-` also stands in for an empty value.
      if (fallback !== undefined) return value === undefined || value === "" ? fallback : value;
      if (value !== undefined) return value;
      problems.add(
        "error",
        "",
        span,
        `set the environment variable ${name}: found it unset`,
        `\${${name}:-default} gives a default`,
      );
      return "";
    }
    problems.add(
      "error",
      "",
      span,
      `write \${NAME}, \${NAME:-default} or \${file:PATH}: found ${JSON.stringify(whole)}`,
      "$${ stands for ${ itself",
    );
    return "";
  }

  return walk(root);
}

function holdsReference(node: ConfNode): boolean {
  if (node.kind === "scalar") return typeof node.value === "string" && node.value.includes("${");
  if (node.kind === "list") return node.items.some(holdsReference);
  for (const entry of node.entries.values()) if (holdsReference(entry.value)) return true;
  return false;
}

/** The reference itself where the text shows it as written, the whole value where escapes or folding hide it. */
function spanIn(span: Span, reference: string): Span {
  const at = span.source.text.indexOf(reference, span.start);
  return at < 0 || at >= span.end ? span : { source: span.source, start: at, end: at + reference.length };
}
