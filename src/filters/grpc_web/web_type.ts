/** A content type of gRPC-Web (grpc/doc/PROTOCOL-WEB.md). */
export interface WebType {
  /** The body is base64. */
  readonly text: boolean;
  /** Format of messages with its plus, such as `+proto`; "" when it is not said. */
  readonly format: string;
}

/** null: the content type is none of gRPC-Web. Parameters don't count. */
export function parseWebType(contentType: string): WebType | null {
  const m = /^application\/grpc-web(-text)?(\+[^;, \t]+)?[ \t]*(?:;.*)?$/i.exec(contentType);
  return m === null ? null : { text: m[1] !== undefined, format: m[2] ?? "" };
}

/** Whether the client wants text: as Accept says, and as its own body is where that says nothing of gRPC-Web. */
export function wantsText(accept: string | null, own: WebType): boolean {
  for (const member of accept?.split(",") ?? []) {
    const type = parseWebType(member.trim());
    if (type !== null) return type.text;
  }
  return own.text;
}
