/** Bytes `from` to before `to`. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** Ranges of one request; a set with more is answered whole, as RFC 9110 14.2 allows: each costs a head of its own. */
const MOST_RANGES = 16;

/**
 * The ranges of a Range field (RFC 9110 14.1.1, 14.2) in a file of `size` bytes. null: the field is to be ignored, and the file sent whole:
 * another unit, a syntax error, more ranges than make sense, or ranges that overlap or run backwards. Empty: none can be satisfied (416).
 */
export function byteRanges(field: string, size: number): readonly ByteRange[] | null {
  const set = /^bytes=(.*)$/i.exec(field.trim());
  if (set === null) return null;
  const specs = set[1]!.split(",").map((s) => s.trim());
  const asked = specs.filter((s) => s !== "");
  if (asked.length === 0 || asked.length > MOST_RANGES) return null;
  const found: ByteRange[] = [];
  for (const spec of asked) {
    const m = /^(\d*)-(\d*)$/.exec(spec);
    if (m === null) return null;
    const r = rangeOf(m[1]!, m[2]!, size);
    if (r === "wrong") return null;
    if (r !== null) found.push(r);
  }
  for (let i = 1; i < found.length; i++) if (found[i]!.from < found[i - 1]!.to) return null;
  return found;
}

/** null: it can't be satisfied. */
function rangeOf(first: string, last: string, size: number): ByteRange | "wrong" | null {
  if (first === "") {
    if (last === "") return "wrong";
    const length = Number(last);
    return length === 0 || size === 0 ? null : { from: Math.max(0, size - length), to: size };
  }
  const from = Number(first);
  if (last !== "" && Number(last) < from) return "wrong";
  if (from >= size) return null;
  return { from, to: last === "" ? size : Math.min(size, Number(last) + 1) };
}
