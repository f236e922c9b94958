/** What the protocol's JSON Schema says, in the terms that languages have. */
export interface Model {
  readonly defs: readonly Def[];
  readonly methods: { readonly host: readonly MethodDef[]; readonly plugin: readonly MethodDef[] };
}

export interface MethodDef {
  readonly name: string;
  readonly params: string | null;
  readonly result: string | null;
}

export interface Def {
  readonly name: string;
  readonly doc: string;
  /** null: it is no object with members of its own. */
  readonly members: readonly Member[] | null;
  readonly type: Type;
}

export interface Member {
  readonly name: string;
  readonly doc: string;
  readonly optional: boolean;
  readonly type: Type;
  /** The zero value of its type (0, "") can't be meant. */
  readonly neverZero: boolean;
}

export type Type =
  | { readonly kind: "any" | "string" | "number" | "boolean" | "object" }
  | { readonly kind: "integer"; readonly signed: boolean }
  | { readonly kind: "const"; readonly value: string | number | boolean }
  | { readonly kind: "words"; readonly of: readonly string[] }
  | { readonly kind: "array" | "map" | "nullable"; readonly of: Type }
  | { readonly kind: "tuple" | "union"; readonly of: readonly Type[] }
  | { readonly kind: "ref"; readonly name: string };

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: string | number | boolean;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly minLength?: number;
  readonly description?: string;
}

interface Document {
  readonly $defs: Readonly<Record<string, Schema>>;
  readonly "x-methods": Readonly<Record<"host" | "plugin", Readonly<Record<string, { params?: Schema; result?: Schema }>>>>;
}

/** A line and its id are the libraries' own business: they read them by hand. */
const LEFT_OUT: ReadonlySet<string> = new Set(["Message", "Id"]);

export function readModel(schema: unknown): Model {
  const { $defs, "x-methods": methods } = schema as Document;
  const defs = Object.entries($defs)
    .filter(([name]) => !LEFT_OUT.has(name))
    .map(([name, s]) => ({ name, doc: s.description ?? "", members: members(s, $defs), type: typeOf(s) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { defs, methods: { host: methodsOf(methods.host), plugin: methodsOf(methods.plugin) } };
}

function methodsOf(table: Document["x-methods"]["host"]): MethodDef[] {
  const target = (s: Schema | undefined): string | null => (s?.$ref === undefined ? null : nameOf(s.$ref));
  return Object.entries(table).map(([name, m]) => ({ name, params: target(m.params), result: target(m.result) }));
}

function members(schema: Schema, defs: Document["$defs"]): Member[] | null {
  if (schema.type !== "object" || schema.properties === undefined) return null;
  return Object.entries(schema.properties).map(([name, s]) => ({
    name,
    doc: s.description ?? (s.$ref === undefined ? "" : (defs[nameOf(s.$ref)]?.description ?? "")),
    optional: !(schema.required ?? []).includes(name),
    type: typeOf(s),
    neverZero: (s.minimum ?? 0) > 0 || (s.minLength ?? 0) > 0 || s.enum !== undefined || s.const !== undefined || isChoice(s),
  }));
}

function isChoice(s: Schema): boolean {
  return s.anyOf?.every((one) => one.const !== undefined) === true;
}

function typeOf(s: Schema): Type {
  if (s.$ref !== undefined) return { kind: "ref", name: nameOf(s.$ref) };
  if (s.const !== undefined) return { kind: "const", value: s.const };
  if (s.enum !== undefined) return { kind: "words", of: s.enum };
  if (s.anyOf !== undefined) {
    const rest = s.anyOf.filter((one) => one.type !== "null").map(typeOf);
    const type: Type = rest.length === 1 ? rest[0]! : { kind: "union", of: rest };
    return rest.length === s.anyOf.length ? type : { kind: "nullable", of: type };
  }
  if (s.type === "array")
    return s.prefixItems === undefined
      ? { kind: "array", of: typeOf(s.items ?? {}) }
      : { kind: "tuple", of: s.prefixItems.map(typeOf) };
  if (s.type === "object")
    return s.additionalProperties === undefined ? { kind: "object" } : { kind: "map", of: typeOf(s.additionalProperties) };
  if (s.type === "integer") return { kind: "integer", signed: (s.minimum ?? -1) < 0 };
  if (s.type === "string" || s.type === "number" || s.type === "boolean") return { kind: s.type };
  return { kind: "any" };
}

function nameOf(ref: string): string {
  return ref.slice(ref.lastIndexOf("/") + 1);
}

export const MADE_OF = "Generated of plugins/protocol.schema.json by tools/plugin_types";
