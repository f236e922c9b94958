/** Values that expectations have given names to. */
export type Names = Map<string, unknown>;

/** Null where `found` is like `wanted`, otherwise where it is not. The words are told in plugins/conformance/README.md. */
export function unlike(wanted: unknown, found: unknown, names: Names, path = "message"): string | null {
  if (typeof wanted === "string" && wanted.startsWith("$")) {
    const [word, ...rest] = wanted.slice(1).split(":");
    const said = rest.join(":");
    if (word === "any") return found === undefined ? `${path} is absent` : null;
    if (word === "id") {
      names.set(said, found);
      return found === undefined ? `${path} is absent` : null;
    }
    if (word === "text")
      return typeof found === "string" && found.toLowerCase().includes(said.toLowerCase())
        ? null
        : `${path} has no "${said}": ${show(found)}`;
    if (word === "repeat") return found === repeated(wanted) ? null : `${path} is ${show(found)}, not ${wanted}`;
  }
  if (typeof wanted !== "object" || wanted === null)
    return Object.is(wanted, found) ? null : `${path} is ${show(found)}, not ${show(wanted)}`;
  if (typeof found !== "object" || found === null) return `${path} is ${show(found)}, not ${show(wanted)}`;
  if (Array.isArray(wanted) !== Array.isArray(found)) return `${path} is ${show(found)}, not ${show(wanted)}`;
  const [w, f] = [wanted as Record<string, unknown>, found as Record<string, unknown>];
  for (const [key, value] of Object.entries(w)) {
    if (key === "...") continue;
    const said = unlike(value, f[key], names, `${path}.${key}`);
    if (said !== null) return said;
  }
  const more = Object.keys(f).filter((key) => !(key in w));
  return more.length > 0 && w["..."] !== true ? `${path} has ${more.join(", ")} too: ${show(found)}` : null;
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

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "absent";
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
