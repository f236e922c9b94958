const TEXT = new TextEncoder();

/** The bytes of a message: those of its frame, or of its member `text` or `base64`. null: there are none. A string: what is wrong. */
export function readBytes(r: Readonly<Record<string, unknown>>, frame: Uint8Array | null): Uint8Array | null | string {
  const { text, base64 } = r;
  const forms = [text, base64, frame ?? undefined].filter((f) => f !== undefined);
  if (forms.length > 1) return "the body is there more than once";
  if (frame !== null) return frame;
  if (text !== undefined) return typeof text === "string" ? TEXT.encode(text) : "text is no string";
  if (base64 === undefined) return null;
  return typeof base64 === "string" ? decodeBase64(base64) : "base64 is no string";
}

/** RFC 4648 section 4, with padding. */
function decodeBase64(s: string): Uint8Array | string {
  try {
    if (s.length % 4 !== 0) return "base64 is not padded";
    return Uint8Array.from(atob(s), (c) => c.charCodeAt(0));
  } catch {
    return "base64 is none";
  }
}

/** A body as JSON members of a message: `"text":…` where the plugin takes that and it is valid UTF-8, `"base64":…` otherwise. */
export function writeBytes(b: Uint8Array, takesText: boolean): string {
  if (takesText) {
    try {
      return `"text":${JSON.stringify(UTF8.decode(b))}`;
    } catch {
      // Not UTF-8.
    }
  }
  return `"base64":"${encodeBase64(b)}"`;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Arguments of one call have a limit. */
const STEP = 8 * 1024;

function encodeBase64(b: Uint8Array): string {
  let chars = "";
  for (let at = 0; at < b.length; at += STEP) chars += String.fromCharCode(...b.subarray(at, at + STEP));
  return btoa(chars);
}
