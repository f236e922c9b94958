import { MADE_OF, type MethodDef, type Model, type Type } from "./model.ts";

export function typescript(model: Model): string {
  const out = [`// ${MADE_OF}. Types of the messages as they are sent.`, ""];
  for (const d of model.defs) {
    out.push(`/** ${d.doc}. */`);
    if (d.members === null) out.push(`export type ${d.name} = ${type(d.type)};`);
    else if (d.members.length === 0) out.push(`export type ${d.name} = Record<string, never>;`);
    else {
      out.push(`export interface ${d.name} {`);
      for (const m of d.members) out.push(`  /** ${m.doc}. */`, `  ${m.name}${m.optional ? "?" : ""}: ${type(m.type)};`);
      out.push("}");
    }
    out.push("");
  }
  out.push(...methods("HostMethods", "What the host sends", model.methods.host), "");
  out.push(...methods("PluginMethods", "What the plugin sends", model.methods.plugin));
  return `${out.join("\n")}\n`;
}

function methods(name: string, doc: string, table: readonly MethodDef[]): string[] {
  const lines = table.map(
    (m) =>
      `  ${/^\w+$/.test(m.name) ? m.name : `"${m.name}"`}: { params: ${m.params ?? "null"}; result: ${m.result ?? "null"} };`,
  );
  return [`/** ${doc}, with params and result; null: none. */`, `export interface ${name} {`, ...lines, "}"];
}

function type(t: Type): string {
  switch (t.kind) {
    case "any":
      return "unknown";
    case "integer":
      return "number";
    case "object":
      return "Record<string, unknown>";
    case "const":
      return JSON.stringify(t.value);
    case "words":
      return t.of.map((w) => JSON.stringify(w)).join(" | ");
    case "array":
      return /[ |]/.test(type(t.of)) ? `(${type(t.of)})[]` : `${type(t.of)}[]`;
    case "map":
      return `Record<string, ${type(t.of)}>`;
    case "nullable":
      return `${type(t.of)} | null`;
    case "tuple":
      return `[${t.of.map(type).join(", ")}]`;
    case "union":
      return t.of.map(type).join(" | ");
    case "ref":
      return t.name;
    default:
      return t.kind;
  }
}
