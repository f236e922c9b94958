import { MADE_OF, type Member, type Model, type Type } from "./model.ts";

const NAMES: ReadonlyMap<string, string> = new Map([
  ["id", "ID"],
  ["ttlMs", "TTLMs"],
]);

export function go(model: Model): string {
  const out = [
    `// Code ${lowerFirst(MADE_OF)}. DO NOT EDIT.`,
    "",
    "// Package protocol has the types of the messages between Weir and a plugin, as they are sent.",
    "package protocol",
    "",
  ];
  for (const d of model.defs) {
    out.push(`// ${d.name} is of this: ${lowerFirst(d.doc)}.`);
    if (d.members === null) out.push(`type ${d.name} = ${type(d.type)}`);
    else if (d.members.length === 0) out.push(`type ${d.name} struct{}`);
    else {
      out.push(`type ${d.name} struct {`);
      for (const m of d.members) out.push(`\t// ${m.doc}.`, `\t${field(m.name)} ${member(m)} \`json:"${tag(m)}"\``);
      out.push("}");
    }
    out.push("");
  }
  return out.join("\n");
}

/** What can be told from absent by its zero value stands as it is, anything else behind a pointer. */
function member(m: Member): string {
  const bare = type(m.type);
  const isPlain = !m.optional || m.neverZero || bare === "bool" || bare === "any" || /^(?:\[|map)/.test(bare) || isList(m.type);
  return isPlain ? bare : `*${bare}`;
}

function isList(t: Type): boolean {
  return t.kind === "ref" && (t.name === "FieldNames" || t.name === "Attributes" || t.name === "Metadata");
}

function tag(m: Member): string {
  return m.optional ? `${m.name},omitempty` : m.name;
}

function field(name: string): string {
  return NAMES.get(name) ?? name[0]!.toUpperCase() + name.slice(1);
}

function type(t: Type): string {
  switch (t.kind) {
    case "string":
    case "words":
      return "string";
    case "integer":
      return "int64";
    case "number":
      return "float64";
    case "boolean":
      return "bool";
    case "const":
      return typeof t.value === "string" ? "string" : typeof t.value === "number" ? "int64" : "bool";
    case "array":
      return `[]${type(t.of)}`;
    case "map":
      return `map[string]${type(t.of)}`;
    case "object":
      return "map[string]any";
    case "nullable":
      return `*${type(t.of)}`;
    case "tuple":
      return t.of.every((one) => type(one) === "string") ? `[${t.of.length}]string` : "[]any";
    case "union":
      return union(t.of);
    case "ref":
      return t.name;
    default:
      return "any";
  }
}

function union(of: readonly Type[]): string {
  if (of.every((one) => one.kind === "tuple" && one.of.every((part) => type(part) === "string"))) return "[]string";
  const kinds = new Set(of.map(type));
  return kinds.size === 1 ? [...kinds][0]! : "any";
}

function lowerFirst(s: string): string {
  return /^[A-Z][a-z]/.test(s) || /^A /.test(s) ? s[0]!.toLowerCase() + s.slice(1) : s;
}
