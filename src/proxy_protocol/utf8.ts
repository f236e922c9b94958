/** The bytes as text; null: they are not UTF-8. */
export function utf8(b: Uint8Array): string | null {
  try {
    return DECODER.decode(b);
  } catch {
    return null;
  }
}

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
