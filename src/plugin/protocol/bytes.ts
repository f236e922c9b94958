import { z } from "zod";
import { fieldSchema } from "./fields.ts";

/** Members that hold bytes, at most one of them. A binary frame stands for either: then neither is there. */
export function bytes(what: string) {
  return {
    text: z.string().optional().describe(`${what}, as text; only where it is valid UTF-8`),
    base64: z.string().optional().describe(`${what}, in base64 with padding (RFC 4648 section 4)`),
  };
}

export function trailers() {
  return z.array(fieldSchema).optional().describe("Trailers; absent: none");
}
