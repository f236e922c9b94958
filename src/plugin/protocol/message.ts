import { z } from "zod";
import { def } from "./def.ts";
import { anything, text, whole } from "./scalar.ts";

export const idSchema = def(
  "Id",
  "Number or name of a request; those of the host are integers from 1",
  z.union([z.int(), z.string()]),
);

export const errorSchema = def(
  "ErrorObject",
  "Why a request has failed",
  z.object({
    code: z
      .int()
      .describe("-32601 method, -32602 params, -32603 own fault, -32001 not granted, -32002 too large, -32003 a host call"),
    message: z.string().describe("For people"),
  }),
);

const jsonrpc = z.literal("2.0").describe("Version of JSON-RPC");
const bytes = whole(1).optional().describe("Bytes of a binary frame that follow the line end; absent: none");
const params = z.record(z.string(), z.unknown()).optional().describe("Params of the method; absent: none");

export const messageSchema = def(
  "Message",
  "One line: a request, an answer or a notification",
  z.union([
    z.object({ jsonrpc, id: idSchema.describe("Number or name"), method: text().describe("Method"), params, bytes }),
    z.object({ jsonrpc, id: idSchema.describe("Of the request"), result: anything().describe("Result of the method"), bytes }),
    z.object({
      jsonrpc,
      id: idSchema.nullable().describe("Of the request; null: it could not be read"),
      error: errorSchema.describe("Why it has failed"),
    }),
    z.object({ jsonrpc, method: text().describe("Method"), params, bytes }),
  ]),
);

export type PluginMessage = z.output<typeof messageSchema>;
export type ErrorObject = z.output<typeof errorSchema>;
