import { z } from "zod";
import { bytes } from "./bytes.ts";
import { def } from "./def.ts";
import { fieldChangeSchema, fieldSchema, metadataSchema } from "./fields.ts";
import { text, whole } from "./scalar.ts";

export const respondSchema = def(
  "Respond",
  "An answer to the client. A binary frame of the message is its body",
  z.object({
    status: whole(200, 599).describe("Status"),
    fields: z.array(fieldSchema).optional().describe("Fields; absent: none"),
    ...bytes("The body"),
  }),
);

export const redirectSchema = def(
  "Redirect",
  "An answer that sends the client elsewhere",
  z.object({
    location: text().describe("Where to"),
    status: z
      .union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)])
      .optional()
      .describe("Status; absent: 302"),
  }),
);

export const cacheHintSchema = def(
  "CacheHint",
  "The same answer holds for every request of the same config whose named parts are the same",
  z.object({
    key: z.array(text()).describe("Parts: method, scheme, authority, path, field:NAME, attribute:NAME"),
    ttlMs: whole(1).describe("Milliseconds that it holds for"),
  }),
);

export const actionSchema = def(
  "Action",
  "The answer of `requestHead`, `responseHead`, `requestBody` and `responseBody`. An empty one changes nothing; at most one of `respond`, `redirect` and `reset`",
  z.object({
    fields: z.array(fieldChangeSchema).optional().describe("Changes of the head's fields, in their order"),
    method: text().optional().describe("Method of the request"),
    path: text().optional().describe("Path of the request with its query. The route stays as it was"),
    authority: text().optional().describe("Authority of the request; only where it is granted"),
    scheme: text().optional().describe("Scheme of the request"),
    status: whole(200, 599).optional().describe("Status of the reply"),
    ...bytes("A body in place of the old one"),
    metadata: metadataSchema.optional().describe("Replaces what these namespaces held"),
    timeoutMs: whole(1).optional().describe("Milliseconds that the request may take, where that is shorter"),
    cluster: text().optional().describe("Goes to this cluster; one that is granted"),
    host: text().optional().describe("Goes to this host of the cluster, where it can be picked"),
    respond: respondSchema.optional().describe("The answer; nothing goes to the upstream"),
    redirect: redirectSchema.optional().describe("The answer is a redirect"),
    reset: z.literal(true).optional().describe("The client's stream, or its connection with HTTP/1, is reset"),
    body: z.literal("none").optional().describe("The body phase of this direction is left out for this exchange"),
    cache: cacheHintSchema.optional().describe("The host may give the same answer again; only of `requestHead`"),
  }),
);

export type Action = z.output<typeof actionSchema>;
export type Respond = z.output<typeof respondSchema>;
export type Redirect = z.output<typeof redirectSchema>;
export type CacheHint = z.output<typeof cacheHintSchema>;
