import { type Fields, STRIDE } from "../fields.ts";
import { ID, idOfName } from "../names.ts";

/** Fields that a head in HTTP/2 never holds (RFC 9113 8.2.2). */
export const CONNECTION_FIELDS: number =
  (1 << ID.connection) |
  (1 << ID["keep-alive"]) |
  (1 << ID["proxy-connection"]) |
  (1 << ID["transfer-encoding"]) |
  (1 << ID.upgrade) |
  (1 << ID["http2-settings"]);
/** In a request :authority says what Host would (RFC 9113 8.3.1): one of them, so that nobody has to choose. */
export const REQUEST_HIDDEN: number = CONNECTION_FIELDS | (1 << ID.host);

/** What `hideFields` took away. */
export interface Hidden {
  readonly spans: number[];
  readonly added: string[] | null;
}

/**
 * Takes the fields with these ids out of sight while a head is encoded; null: there was none. The head is not the codec's own: another
 * attempt, or the log, may want it as it was.
 */
export function hideFields(f: Fields, ids: number): Hidden | null {
  if ((f.mask & ids) === 0) return null;
  const { spans, added } = f;
  const hidden: Hidden = { spans: [], added };
  for (let i = 4; i < spans.length; i += STRIDE) {
    const id = spans[i]!;
    if (id <= 0 || (ids & (1 << id)) === 0) continue;
    hidden.spans.push(i, id);
    spans[i] = -1;
  }
  if (added !== null) {
    const kept: string[] = [];
    for (let i = 0; i < added.length; i += 2) {
      if ((ids & (1 << idOfName(added[i]!))) === 0) kept.push(added[i]!, added[i + 1]!);
    }
    f.added = kept.length === 0 ? null : kept;
  }
  return hidden;
}

export function showFields(f: Fields, hidden: Hidden | null): void {
  if (hidden === null) return;
  const { spans } = hidden;
  for (let i = 0; i < spans.length; i += 2) f.spans[spans[i]!] = spans[i + 1]!;
  f.added = hidden.added;
}
