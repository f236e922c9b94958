/** A part of a JSON Schema, as far as the tables read it. */
interface Part {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Part>>;
  readonly additionalProperties?: Part | boolean;
  readonly items?: Part;
  readonly anyOf?: readonly Part[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Part>>;
}

interface Row {
  readonly path: string;
  readonly fallback: string;
  readonly meaning: string;
}

const SECTIONS: readonly (readonly [title: string, keys: readonly string[]])[] = [
  [
    "The process",
    [
      "name",
      "include",
      "defaults",
      "admin",
      "observe",
      "control",
      "pidFile",
      "log",
      "drain",
      "limits",
      "overload",
      "workers",
      "user",
      "group",
    ],
  ],
  ["Listeners", ["listeners"]],
  ["Routes", ["routes"]],
  ["Clusters", ["clusters"]],
  ["Plugins", ["plugins"]],
  ["Access logs", ["accessLog"]],
];

/** Every key of a config in Markdown, made of the JSON Schema: `docs/config.md` holds it, and a test holds the two together. */
export function configTables(schema: Part): string {
  const defs = schema.$defs ?? {};
  const sections = SECTIONS.map(([title, keys]) => {
    const rows = onePerKey(keys.flatMap((key) => rowsOf(key, schema.properties![key]!, defs)));
    const lines = rows.map((r) => `| \`${r.path}\` | ${r.fallback} | ${r.meaning.replaceAll("|", "\\|")} |`);
    return `### ${title}\n\n| key | default | meaning |\n|---|---|---|\n${lines.join("\n")}\n`;
  });
  return sections.join("\n");
}

/** Keys of the file that no section tells of. */
export function untold(schema: Part): string[] {
  const told = new Set(SECTIONS.flatMap(([, keys]) => keys));
  return Object.keys(schema.properties!).filter((key) => !told.has(key) && key !== "$schema");
}

/** Where one item may stand for a list, the list is told. */
function onePerKey(rows: readonly Row[]): Row[] {
  const longest = new Map<string, Row>();
  for (const row of rows) {
    const key = row.path.replaceAll("[]", "");
    const before = longest.get(key);
    if (before === undefined || before.path.length < row.path.length) longest.set(key, row);
  }
  return [...longest.values()];
}

function rowsOf(path: string, part: Part, defs: Readonly<Record<string, Part>>): Row[] {
  const rows: Row[] = [];
  if (part.description !== undefined) rows.push({ path, fallback: fallbackOf(part), meaning: part.description });
  // What stands under the defaults is told where it belongs.
  if (path.startsWith("defaults.")) return rows;
  for (const [below, inner] of childrenOf(path, part, defs)) rows.push(...rowsOf(below, inner, defs));
  return rows;
}

function* childrenOf(path: string, part: Part, defs: Readonly<Record<string, Part>>): Generator<[string, Part]> {
  const target = part.$ref === undefined ? part : defs[part.$ref.replace("#/$defs/", "")]!;
  for (const [key, inner] of Object.entries(target.properties ?? {})) yield [`${path}.${key}`, inner];
  if (typeof target.additionalProperties === "object") yield* childrenOf(`${path}.NAME`, target.additionalProperties, defs);
  if (target.items !== undefined) yield* childrenOf(`${path}[]`, target.items, defs);
  for (const alternative of target.anyOf ?? []) yield* childrenOf(path, alternative, defs);
}

function fallbackOf(part: Part): string {
  const value = part.default;
  if (value === undefined || (typeof value === "object" && value !== null && !Array.isArray(value))) return "";
  return `\`${typeof value === "string" && value !== "" ? value : JSON.stringify(value)}\``;
}
