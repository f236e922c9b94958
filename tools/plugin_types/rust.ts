import { type Def, MADE_OF, type Member, type Model, type Type } from "./model.ts";

const KEYWORDS: ReadonlySet<string> = new Set(["match", "type", "ref", "move", "use", "where", "loop"]);

export function rust(model: Model): string {
  const out = [
    `//! Types of the messages as they are sent. ${MADE_OF}: change it there.`,
    "",
    "use std::collections::BTreeMap;",
    "",
    "use serde::{Deserialize, Serialize};",
    "use serde_json::Value;",
    "",
  ];
  const byName = new Map(model.defs.map((d) => [d.name, d]));
  for (const d of model.defs) {
    if (d.members === null) out.push(...alias(d), "");
    else out.push(...struct(d, d.members, byName), "");
  }
  return `${out.join("\n").trimEnd()}\n`;
}

function alias(d: Def): string[] {
  const t = d.type;
  if (t.kind !== "union" || isTextTuples(t)) return [`/// ${d.doc}.`, `pub type ${d.name} = ${type(t, d.name)};`];
  const variants = t.of.map((one) => (one.kind === "array" ? `    Names(${type(one, d.name)}),` : `    Text(String),`));
  return [`/// ${d.doc}.`, ...derives(false), "#[serde(untagged)]", `pub enum ${d.name} {`, ...variants, "}"];
}

function struct(d: Def, members: readonly Member[], byName: ReadonlyMap<string, Def>): string[] {
  const words = members.filter((m) => m.type.kind === "words");
  const enums = words.flatMap((m) => [
    `/// ${m.doc}.`,
    ...derives(false, ", Copy, Eq"),
    '#[serde(rename_all = "camelCase")]',
    `pub enum ${d.name}${pascal(m.name)} {`,
    ...(m.type.kind === "words" ? m.type.of.map((w) => `    ${pascal(w)},`) : []),
    "}",
    "",
  ]);
  const lines = members.flatMap((m) => field(d, m));
  const camel = members.some((m) => /[A-Z]/.test(m.name)) ? ['#[serde(rename_all = "camelCase")]'] : [];
  const head = [`/// ${d.doc}.`, ...derives(hasDefault(d.name, byName)), ...camel];
  return [...enums, ...head, ...(lines.length === 0 ? [`pub struct ${d.name} {}`] : [`pub struct ${d.name} {`, ...lines, "}"])];
}

function derives(withDefault: boolean, more = ""): string[] {
  return [`#[derive(Debug, Clone${more}${withDefault ? ", Default" : ""}, PartialEq, Serialize, Deserialize)]`];
}

function field(d: Def, m: Member): string[] {
  const snake = m.name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
  const serde: string[] = [];
  if (m.optional) serde.push("default", `skip_serializing_if = "Option::is_none"`);
  const t = type(m.type, `${d.name}${pascal(m.name)}`);
  return [
    `    /// ${m.doc}.`,
    ...(serde.length === 0 ? [] : [`    #[serde(${serde.join(", ")})]`]),
    `    pub ${KEYWORDS.has(snake) ? `r#${snake}` : snake}: ${m.optional ? `Option<${t}>` : t},`,
  ];
}

function hasDefault(name: string, byName: ReadonlyMap<string, Def>): boolean {
  const d = byName.get(name)!;
  if (d.members === null) return d.type.kind !== "union" || isTextTuples(d.type);
  return d.members.every(
    (m) => m.optional || (m.type.kind === "ref" ? hasDefault(m.type.name, byName) : m.type.kind !== "words"),
  );
}

function type(t: Type, word: string): string {
  switch (t.kind) {
    case "string":
      return "String";
    case "integer":
      return t.signed ? "i64" : "u64";
    case "number":
      return "f64";
    case "boolean":
      return "bool";
    case "const":
      return typeof t.value === "string" ? "String" : typeof t.value === "number" ? "u64" : "bool";
    case "words":
      return word;
    case "array":
      return `Vec<${type(t.of, word)}>`;
    case "map":
      return `BTreeMap<String, ${type(t.of, word)}>`;
    case "nullable":
      return `Option<${type(t.of, word)}>`;
    case "tuple":
      return `(${t.of.map((one) => type(one, word)).join(", ")})`;
    case "union":
      return isTextTuples(t) ? "Vec<String>" : t.of.every((one) => type(one, word) === "u64") ? "u64" : "Value";
    case "ref":
      return t.name;
    case "object":
      return "BTreeMap<String, Value>";
    default:
      return "Value";
  }
}

/** Alternatives that are lists of text, of several lengths. */
function isTextTuples(t: Type): boolean {
  return t.kind === "union" && t.of.every((one) => one.kind === "tuple" && one.of.every((part) => type(part, "") === "String"));
}

function pascal(name: string): string {
  return name[0]!.toUpperCase() + name.slice(1);
}
