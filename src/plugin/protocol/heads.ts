import { z } from "zod";
import { def } from "./def.ts";
import { attributesSchema, fieldSchema } from "./fields.ts";
import { deadline, exchange, settings, text, whole } from "./scalar.ts";

const fields = z.array(fieldSchema).optional().describe("Fields that the phase asks for, in the order of the wire; absent: none");
const attributes = attributesSchema.optional().describe("Facts that the phase asks for; absent: none");
const end = z.boolean().optional().describe("No body follows; absent: false");

export const requestSchema = def(
  "Request",
  "A request's head",
  z.object({
    method: text().describe("As it came"),
    scheme: text().describe("http or https"),
    authority: z.string().describe("Host and port as the client named them"),
    path: z.string().describe("Path with its query"),
    fields,
  }),
);

export const responseSchema = def("Response", "A reply's head", z.object({ status: whole(100, 999).describe("Status"), fields }));

export const requestHeadParamsSchema = def(
  "RequestHeadParams",
  "`requestHead`: a request's head has come",
  z.object({
    x: exchange(),
    config: settings(),
    deadlineMs: deadline(),
    request: requestSchema.describe("The head"),
    attributes,
    end,
  }),
);

export const responseHeadParamsSchema = def(
  "ResponseHeadParams",
  "`responseHead`: a reply's head has come",
  z.object({
    x: exchange(),
    config: settings(),
    deadlineMs: deadline(),
    response: responseSchema.describe("The head"),
    attributes,
    end,
  }),
);

export type PluginRequest = z.output<typeof requestSchema>;
export type PluginResponse = z.output<typeof responseSchema>;
export type RequestHeadParams = z.output<typeof requestHeadParamsSchema>;
export type ResponseHeadParams = z.output<typeof responseHeadParamsSchema>;
