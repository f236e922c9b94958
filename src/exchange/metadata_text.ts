/** Characters of a line of the access log that one piece of metadata may take: who tells more is cut. */
const MOST_CHARS = 2_048;

/** Metadata for a line of the access log: the value of `key`, all of it where that is "". "": there is none. */
export function metadataText(metadata: ReadonlyMap<string, unknown> | null, key: string): string {
  if (metadata === null) return "";
  const value = key === "" ? metadata : metadata.get(key);
  if (value === undefined || value === null) return "";
  return (typeof value === "string" ? value : jsonOf(value)).slice(0, MOST_CHARS);
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value instanceof Map ? Object.fromEntries(value) : value) ?? "";
  } catch {
    // What a filter of the user's own has put there may be anything; a line of the log must not fail for it.
    return "";
  }
}
