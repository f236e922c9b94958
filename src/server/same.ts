/** Whether two pieces of the model say the same: a resource that did not change is left alone by a reload. */
export function same(a: unknown, b: unknown): boolean {
  return a === b || textOf(a) === textOf(b);
}

/** One for all pieces of the model that say the same, and for those alone. */
export function textOf(v: unknown): string {
  return JSON.stringify(v, (_key, value: unknown) => {
    if (value instanceof Map) return [...value];
    if (value instanceof Uint8Array) return [...value];
    if (value === Number.POSITIVE_INFINITY) return "Infinity";
    return value;
  });
}
