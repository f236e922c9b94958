import type { YAMLParseError } from "yaml";
import type { ProblemList } from "./problem_list.ts";
import type { SourceText } from "./source_text.ts";

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
