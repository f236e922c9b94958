import { type Def, MADE_OF, type Member, type Model, type Type } from "./model.ts";

/** Words of the language, which only the other form of a TypedDict can have as keys. */
const KEYWORDS: ReadonlySet<string> = new Set(["pass", "from", "in", "is", "not", "with", "class", "global", "lambda", "yield"]);

export function python(model: Model): string {
  const out = [
    `"""Types of the messages as they are sent. ${MADE_OF}: change it there."""`,
    "",
    "from typing import Any, Dict, List, Literal, Optional, Sequence, TypedDict, Union",
    "",
  ];
  for (const d of inOrder(model.defs)) {
    if (d.members === null) out.push("", `${d.name} = ${type(d.type)}`, `"""${d.doc}."""`, "");
    else out.push(...typedDict(d, d.members));
  }
  return `${out.join("\n").trimEnd()}\n`;
}

/** Members that must be there stand in a class of their own: `NotRequired` came with Python 3.11 only. */
function typedDict(d: Def, members: readonly Member[]): string[] {
  const needed = members.filter((m) => !m.optional);
  const optional = members.filter((m) => m.optional && !KEYWORDS.has(m.name));
  const words = members.filter((m) => KEYWORDS.has(m.name));
  const out: string[] = [];
  const base = optional.length > 0 && needed.length > 0 ? `_${d.name}Needed` : d.name;
  if (needed.length > 0 || optional.length === 0) {
    out.push("", `class ${base}(TypedDict):`);
    out.push(base === d.name ? `    """${d.doc}."""` : `    """What must be there of ${d.name}."""`, ...lines(needed), "");
  }
  if (words.length > 0) {
    const entries = words.map((m) => `"${m.name}": ${type(m.type)}`).join(", ");
    out.push("", `_${d.name}Words = TypedDict("_${d.name}Words", {${entries}}, total=False)`);
    out.push(
      `"""Members of ${d.name} that are words of the language. ${words.map((m) => `${m.name}: ${m.doc}.`).join(" ")}"""`,
      "",
    );
  }
  if (optional.length > 0) {
    const parents = [...(base === d.name ? [] : [base]), ...(words.length > 0 ? [`_${d.name}Words`] : [])];
    const parent = parents.join(", ") || "TypedDict";
    out.push("", `class ${d.name}(${parent}, total=False):`, `    """${d.doc}."""`, ...lines(optional), "");
  }
  return out;
}

function lines(members: readonly Member[]): string[] {
  return members.flatMap((m) => ["", `    ${m.name}: ${type(m.type)}`, `    """${m.doc}."""`]);
}

/** A class body is run where it stands, so what it names comes first. */
function inOrder(defs: readonly Def[]): Def[] {
  const byName = new Map(defs.map((d) => [d.name, d]));
  const done = new Set<string>();
  const out: Def[] = [];
  const visit = (d: Def): void => {
    if (done.has(d.name)) return;
    done.add(d.name);
    for (const t of d.members === null ? [d.type] : d.members.map((m) => m.type))
      for (const name of refs(t)) visit(byName.get(name)!);
    out.push(d);
  };
  for (const d of defs) visit(d);
  return out;
}

function refs(t: Type): string[] {
  if (t.kind === "ref") return [t.name];
  if (t.kind === "array" || t.kind === "map" || t.kind === "nullable") return refs(t.of);
  return t.kind === "tuple" || t.kind === "union" ? t.of.flatMap(refs) : [];
}

function type(t: Type): string {
  switch (t.kind) {
    case "string":
      return "str";
    case "integer":
      return "int";
    case "number":
      return "float";
    case "boolean":
      return "bool";
    case "const":
      return `Literal[${literal(t.value)}]`;
    case "words":
      return `Literal[${t.of.map(literal).join(", ")}]`;
    case "array":
      return `List[${type(t.of)}]`;
    case "map":
      return `Dict[str, ${type(t.of)}]`;
    case "object":
      return "Dict[str, Any]";
    case "nullable":
      return `Optional[${type(t.of)}]`;
    case "tuple":
      return t.of.every((one) => one.kind === "string" || (one.kind === "const" && typeof one.value === "string"))
        ? "Sequence[str]"
        : "Sequence[Any]";
    case "union":
      return union([...new Set(t.of.map(type))]);
    case "ref":
      return t.name;
    default:
      return "Any";
  }
}

function union(of: readonly string[]): string {
  return of.length === 1 ? of[0]! : `Union[${of.join(", ")}]`;
}

function literal(value: string | number | boolean): string {
  return typeof value === "boolean" ? (value ? "True" : "False") : JSON.stringify(value);
}
