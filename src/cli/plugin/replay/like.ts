/** Values that expectations have given names to. */
export type Names = Map<string, unknown>;

/** A place where a message is not as it was wanted. */
export interface Difference {
  /** `fields[0][2]`; "": the whole. */
  readonly path: string;
  /** null: there is to be nothing. */
  readonly wanted: string | null;
  /** null: nothing is there. */
  readonly found: string | null;
}

/** Null where `found` is like `wanted`, otherwise where it is not. The words are told in plugins/conformance/README.md. */
export function unlike(wanted: unknown, found: unknown, names: Names): string | null {
  const d = differences(wanted, found, names)[0];
  if (d === undefined) return null;
  const place = d.path === "" ? "message" : d.path;
  if (d.found === null) return `${place} is absent, wanted ${d.wanted}`;
  return d.wanted === null ? `${place} is there too: ${d.found}` : `${place} is ${d.found}, not ${d.wanted}`;
}

/** Everything in which `found` is not like `wanted`. */
export function differences(wanted: unknown, found: unknown, names: Names, path = ""): readonly Difference[] {
  if (typeof wanted === "string" && wanted.startsWith("$")) {
    if (isLikeWord(wanted, found, names)) return [];
    return [{ path, wanted, found: shown(found) }];
  }
  const isNested = typeof wanted === "object" && wanted !== null && typeof found === "object" && found !== null;
  if (!isNested || Array.isArray(wanted) !== Array.isArray(found))
    return Object.is(wanted, found) ? [] : [{ path, wanted: shown(wanted), found: shown(found) }];
  const [w, f] = [new Map(Object.entries(wanted)), new Map(Object.entries(found))];
  const into = (key: string): string => (Array.isArray(wanted) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`);
  const out: Difference[] = [];
  for (const [key, value] of w) if (key !== "...") out.push(...differences(value, f.get(key), names, into(key)));
  if (w.get("...") === true) return out;
  for (const [key, value] of f) if (!w.has(key)) out.push({ path: into(key), wanted: null, found: shown(value) });
  return out;
}

function isLikeWord(wanted: string, found: unknown, names: Names): boolean {
  const [word, ...rest] = wanted.slice(1).split(":");
  const said = rest.join(":");
  if (word === "any") return found !== undefined;
  if (word === "id") {
    names.set(said, found);
    return found !== undefined;
  }
  if (word === "text") return typeof found === "string" && found.toLowerCase().includes(said.toLowerCase());
  return found === (word === "repeat" ? repeated(wanted) : wanted);
}

/** A message to send, with names and repetitions put in. */
export function filled(value: unknown, names: Names): unknown {
  if (typeof value === "string" && value.startsWith("$id:")) return names.get(value.slice(4));
  if (typeof value === "string" && value.startsWith("$repeat:")) return repeated(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((v) => filled(v, names));
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, filled(v, names)]));
}

export function repeated(word: string): string {
  if (!word.startsWith("$repeat:")) return word;
  const [, char, count] = word.split(":");
  return char!.repeat(Number(count));
}

/** Members that say nothing are as good as absent. */
export function bare(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, v]) => !saysNothing(v)));
}

function saysNothing(v: unknown): boolean {
  return v === null || v === false || (typeof v === "object" && Object.keys(v).length === 0);
}

function shown(value: unknown): string | null {
  const text = JSON.stringify(value);
  if (text === undefined) return null;
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
