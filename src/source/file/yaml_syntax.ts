import type { YAMLParseError } from "yaml";
import type { ProblemList } from "./problem_list.ts";
import type { SourceText } from "./source_text.ts";

/** The first of each line, and of tokens that are out of place the first alone: the rest follows from it. */
export function tellSyntax(errors: readonly YAMLParseError[], source: SourceText, problems: ProblemList): void {
  const lines = new Set<number>();
  let lost = false;
  for (const { code, message, pos } of errors) {
    const { line } = source.place(pos[0], pos[1]);
    if (lines.has(line) || (lost && code === "UNEXPECTED_TOKEN")) continue;
    lines.add(line);
    lost ||= code === "UNEXPECTED_TOKEN";
    problems.add(
      "error",
      "",
      { source, start: pos[0], end: pos[1] },
      syntaxMessage(code, message),
      bareReference(source, pos[0]),
    );
  }
}

/** `{ port: ${PORT} }` ends its map at the first brace, which nobody sees who thinks of shells. */
function bareReference(source: SourceText, at: number): string {
  const before = source.text.slice(source.text.lastIndexOf("\n", Math.max(0, at - 1)) + 1, at + 1);
  return /[[{,].*[\s,:[]\$\{/.test(before) ? 'within { } and [ ] put quotes around it: "${NAME}"' : "";
}

export function syntaxMessage(code: string, message: string): string {
  if (code === "MULTIPLE_DOCS") return 'remove the "---": a config is one YAML document';
  if (code === "TAB_AS_INDENT") return "indent with spaces: YAML takes no tab there";
  if (code === "TAG_RESOLVE_FAILED") return `remove the tag: ${lowerFirst(message)}`;
  return `correct the YAML: ${lowerFirst(inSigns(message.replace(/\.$/, "")))}`;
}

/** The library's names of tokens as what people type. */
function inSigns(message: string): string {
  const signs: Readonly<Record<string, string>> = { "map-start": "{", "map-end": "}", "seq-start": "[", "seq-end": "]" };
  return message.replace(/flow-((?:map|seq)-(?:start|end))/g, (_, name: string) => JSON.stringify(signs[name]));
}

function lowerFirst(s: string): string {
  return /^[A-Z][a-z]/.test(s) ? s[0]!.toLowerCase() + s.slice(1) : s;
}
