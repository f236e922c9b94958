import { ACCESS_FIELDS, METADATA_PREFIX, REQUEST_HEADER_PREFIX, RESPONSE_HEADER_PREFIX } from "./access_fields.ts";
import { nearMiss } from "./near_miss.ts";

/** A format taken apart: `literals[0] names[0] literals[1] … names[n − 1] literals[n]`. */
export interface AccessTemplate {
  readonly literals: readonly string[];
  readonly names: readonly string[];
}

/** Something wrong in a template, with its place in it. */
export interface TemplateProblem {
  readonly message: string;
  /** `did you mean "path"?`, "" when nothing is near. */
  readonly hint: string;
  /** Offset and length in the template, in UTF-16 units; 0 and the whole length for a name of a JSON list. */
  readonly at: number;
  readonly length: number;
}

const NAMES: ReadonlySet<string> = new Set(ACCESS_FIELDS.map((f) => f.name));
/** token of RFC 9110 5.6.2: what a header's name may be. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Takes a text template apart. `{name}` is a placeholder, `{{` and `}}` are braces, everything else stands as it is.
 *
 * @example parseAccessTemplate("{method} {path}") gives literals ["", " ", ""] and names ["method", "path"]
 */
export function parseAccessTemplate(template: string): AccessTemplate & { readonly problems: readonly TemplateProblem[] } {
  const literals: string[] = [];
  const names: string[] = [];
  const problems: TemplateProblem[] = [];
  const lineBreak = /[\r\n]/.exec(template);
  if (lineBreak !== null) {
    problems.push({
      message: `remove the line break from the template: found one at character ${lineBreak.index + 1}, wanted one line`,
      hint: "",
      at: lineBreak.index,
      length: 1,
    });
  }
  let literal = "";
  let i = 0;
  while (i < template.length) {
    const c = template[i]!;
    if (c !== "{" && c !== "}") {
      literal += c;
      i++;
      continue;
    }
    if (template[i + 1] === c) {
      literal += c;
      i += 2;
      continue;
    }
    const close = c === "{" ? template.indexOf("}", i) : -1;
    if (close < 0) {
      const wanted = c === "{" ? 'wanted "{name}", or "{{" for the brace itself' : 'wanted "}}" for the brace itself';
      problems.push({ message: `close or double the brace: found a single "${c}", ${wanted}`, hint: "", at: i, length: 1 });
      literal += c;
      i++;
      continue;
    }
    const name = template.slice(i + 1, close);
    const problem = checkAccessField(name);
    if (problem !== null) problems.push({ ...problem, at: i, length: close + 1 - i });
    literals.push(literal);
    names.push(name);
    literal = "";
    i = close + 1;
  }
  literals.push(literal);
  return { literals, names, problems };
}

/** What is wrong with a field's name; null: nothing. */
export function checkAccessField(name: string): TemplateProblem | null {
  if (NAMES.has(name)) return null;
  for (const prefix of [REQUEST_HEADER_PREFIX, RESPONSE_HEADER_PREFIX]) {
    if (!name.startsWith(prefix)) continue;
    if (TOKEN.test(name.slice(prefix.length))) return null;
    const message = `name a header field: found "${name}", wanted a field name such as "${prefix}user-agent"`;
    return { message, hint: "", at: 0, length: name.length };
  }
  if (name.startsWith(METADATA_PREFIX)) {
    if (/^[^.]/.test(name.slice(METADATA_PREFIX.length))) return null;
    const message = `name a namespace: found "${name}", wanted "${METADATA_PREFIX}NAMESPACE" or "${METADATA_PREFIX}NAMESPACE.KEY"`;
    return { message, hint: "", at: 0, length: name.length };
  }
  const near = nearMiss(name, NAMES);
  return {
    message: `use a field of the access log: found "${name}", wanted one of ${[...NAMES].join(", ")}, request.header.NAME, response.header.NAME, metadata.NAMESPACE.KEY`,
    hint: near === "" ? "" : `did you mean "${near}"?`,
    at: 0,
    length: name.length,
  };
}
