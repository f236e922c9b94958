/**
 * JSON of plain data that may hold maps and bytes, as models do: `{"$map":[[key, value], …]}` and `{"$bytes":"base64"}`; Infinity is
 * `{"$number":"Infinity"}`. Whoever reads it may be another version of the program on another runtime, so it is text. Records that are
 * keyed by names from outside have to be maps.
 */
export function encodeTagged(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key: string, v: unknown) {
    // Not `v`: a Buffer has made an object of itself by now.
    const raw = this[key];
    if (raw instanceof Map) return { $map: [...raw] };
    if (raw instanceof Uint8Array) return { $bytes: Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString("base64") };
    return typeof raw === "number" && !Number.isFinite(raw) ? { $number: String(raw) } : v;
  });
}

/** Throws a SyntaxError for what is no JSON. */
export function decodeTagged(text: string): unknown {
  return JSON.parse(text, (_key, v: unknown) => {
    if (typeof v !== "object" || v === null) return v;
    if ("$map" in v) return new Map((v as { $map: [unknown, unknown][] }).$map);
    if ("$bytes" in v) return new Uint8Array(Buffer.from((v as { $bytes: string }).$bytes, "base64"));
    if ("$number" in v) return Number((v as { $number: string }).$number);
    return v;
  });
}
