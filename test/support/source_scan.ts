/** TypeScript source with what is no code taken out; every list is in source order. */
export interface Scan {
  /** The source with the inside of comments, strings, templates and regular expressions blanked; offsets and lines are kept. */
  readonly code: string;
  readonly strings: readonly Literal[];
  readonly comments: readonly Literal[];
}

export interface Literal {
  /** Offset of the opening quote or slash. */
  readonly at: number;
  readonly text: string;
}

export interface Import {
  readonly at: number;
  readonly specifier: string;
  /** `import type` and `export type`: gone before the program runs. */
  readonly typeOnly: boolean;
}

// A slash after one of these words starts a regular expression, after any other word it divides.
const BEFORE_REGEX = new Set([
  "return",
  "typeof",
  "case",
  "in",
  "of",
  "do",
  "else",
  "void",
  "delete",
  "throw",
  "new",
  "await",
  "yield",
  "instanceof",
]);

/** Splits source into code, strings and comments. It knows as much of the grammar as that takes, and no more. */
export function scanSource(source: string): Scan {
  const out = source.split("");
  const strings: Literal[] = [];
  const comments: Literal[] = [];
  // Each entry is the brace depth at which a template's ${…} began.
  const templates: number[] = [];
  let depth = 0;
  let i = 0;

  const blank = (from: number, to: number): void => {
    for (let k = from; k < to; k++) if (out[k] !== "\n") out[k] = " ";
  };
  const template = (from: number): number => {
    let k = from;
    while (k < source.length && source[k] !== "`" && !source.startsWith("${", k)) k += source[k] === "\\" ? 2 : 1;
    blank(from, Math.min(k, source.length));
    if (source.startsWith("${", k)) {
      templates.push(depth++);
      return k + 2;
    }
    return k + 1;
  };

  while (i < source.length) {
    const c = source[i]!;
    if (source.startsWith("//", i) || source.startsWith("/*", i)) {
      const closing = source.startsWith("//", i) ? "\n" : "*/";
      const found = source.indexOf(closing, i + 2);
      const end = found < 0 ? source.length : found + (closing === "\n" ? 0 : 2);
      comments.push({ at: i, text: source.slice(i, end) });
      blank(i, end);
      i = end;
    } else if (c === '"' || c === "'") {
      let k = i + 1;
      while (k < source.length && source[k] !== c && source[k] !== "\n") k += source[k] === "\\" ? 2 : 1;
      strings.push({ at: i, text: source.slice(i + 1, k) });
      blank(i + 1, k);
      i = k + 1;
    } else if (c === "`") {
      i = template(i + 1);
    } else if (c === "{") {
      depth++;
      i++;
    } else if (c === "}") {
      depth--;
      if (templates.at(-1) === depth) {
        templates.pop();
        i = template(i + 1);
      } else i++;
    } else if (c === "/" && startsRegex(out, i)) {
      const end = regexEnd(source, i);
      blank(i + 1, end);
      i = end + 1;
    } else i++;
  }
  return { code: out.join(""), strings, comments };
}

/** Static imports, re-exports and `import("…")`; an import() of anything but a literal has the specifier `?`. */
export function importsOf(scan: Scan): Import[] {
  const text = new Map(scan.strings.map((s) => [s.at, s.text]));
  const imports: Import[] = [];
  // Between the keyword and `from` stand names, braces, commas and stars only: a semicolon or a parenthesis ends the statement.
  for (const m of scan.code.matchAll(
    /\b(import|export)(\s+type\b(?!\s*(?:=|from\b(?!\s+from))))?[\s\w$*{},]*?\bfrom\s*(?=["'])/g,
  )) {
    imports.push({ at: m.index, specifier: text.get(m.index + m[0].length) ?? "?", typeOnly: m[2] !== undefined });
  }
  for (const m of scan.code.matchAll(/\bimport\s*(?=["'])/g)) {
    imports.push({ at: m.index, specifier: text.get(m.index + m[0].length) ?? "?", typeOnly: false });
  }
  for (const m of scan.code.matchAll(/(?<![.\w$])(?:import|require)\s*\(\s*/g)) {
    // `import("…").Name` in a type is counted as a use as well: it is one.
    imports.push({ at: m.index, specifier: text.get(m.index + m[0].length) ?? "?", typeOnly: false });
  }
  return imports.sort((a, b) => a.at - b.at);
}

export function lineAt(source: string, at: number): number {
  let line = 1;
  for (let i = 0; i < at; i++) if (source.charCodeAt(i) === 10) line++;
  return line;
}

function startsRegex(out: readonly string[], at: number): boolean {
  let k = at - 1;
  while (k >= 0 && /\s/.test(out[k]!)) k--;
  if (k < 0) return true;
  const before = out[k]!;
  if (/[\w$]/.test(before)) {
    let from = k;
    while (from > 0 && /[\w$]/.test(out[from - 1]!)) from--;
    return BEFORE_REGEX.has(out.slice(from, k + 1).join(""));
  }
  return !`)]}"'\``.includes(before);
}

function regexEnd(source: string, at: number): number {
  let inClass = false;
  let k = at + 1;
  for (; k < source.length && source[k] !== "\n"; k++) {
    const c = source[k];
    if (c === "\\") k++;
    else if (c === "[") inClass = true;
    else if (c === "]") inClass = false;
    else if (c === "/" && !inClass) return k;
  }
  return k;
}
