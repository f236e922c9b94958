/** Whether two pieces of the model say the same: a resource that did not change is left alone by a reload. */
export function same(a: unknown, b: unknown): boolean {
  return a === b || text(a) === text(b);
}

function text(v: unknown): string {
  return JSON.stringify(v, (_key, value: unknown) => {
    if (value instanceof Map) return [...value];
    if (value instanceof Uint8Array) return [...value];
    return value;
  });
}
