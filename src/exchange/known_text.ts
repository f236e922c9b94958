const TEXT = Symbol("the text of its body");

/** Keeps what the body of a reply is, where that is a text: a stream that gives it back costs more than all the rest of the reply. */
export function keepText(r: Response, body: unknown): Response {
  if (typeof body === "string") (r as Kept)[TEXT] = body;
  return r;
}

/** The body of a reply that was kept and that nobody has read; null: it is known by its stream alone. */
export function knownText(r: Response): string | null {
  const text = (r as Kept)[TEXT];
  return text === undefined || r.bodyUsed ? null : text;
}

type Kept = Response & { [TEXT]?: string };
