import { z } from "zod";
import { bytes } from "./bytes.ts";
import { def } from "./def.ts";
import { fieldSchema } from "./fields.ts";
import { anything, text, whole } from "./scalar.ts";

const fields = z.array(fieldSchema).optional().describe("Fields; absent: none");
const key = text().max(1024).describe("Key, up to 1 KiB");
const ttlMs = whole(1).optional().describe("Milliseconds that it stays; absent: while Weir runs");

export const logLineParamsSchema = def(
  "LogLineParams",
  "`log` of the plugin: a line of Weir's log",
  z.object({
    level: z.enum(["debug", "info", "warn", "error"]).describe("How grave it is"),
    message: z.string().describe("For people"),
    facts: z.record(z.string(), z.unknown()).optional().describe("For programs, by name; absent: none"),
  }),
);

export const countParamsSchema = def(
  "CountParams",
  "`count`: adds to the counter weir_plugin_NAME_total",
  z.object({
    name: text().describe("NAME, as Prometheus has them"),
    add: z.number().min(0).optional().describe("How much; absent: 1"),
    labels: z.record(z.string(), z.string()).optional().describe("Labels of the series; absent: none"),
  }),
);

export const kvGetParamsSchema = def("KvGetParams", "`kv.get`: reads a value", z.object({ key }));
export const kvGetResultSchema = def(
  "KvGetResult",
  "The answer of `kv.get`",
  z.object({ value: anything().describe("Any JSON; null: none") }),
);
export const kvSetParamsSchema = def(
  "KvSetParams",
  "`kv.set`: writes a value",
  z.object({ key, value: anything().describe("Any JSON, up to 64 KiB"), ttlMs }),
);
export const kvDeleteParamsSchema = def("KvDeleteParams", "`kv.delete`: takes a value away", z.object({ key }));
export const kvDeleteResultSchema = def(
  "KvDeleteResult",
  "The answer of `kv.delete`",
  z.object({ deleted: z.boolean().describe("There was one") }),
);
export const kvAddParamsSchema = def(
  "KvAddParams",
  "`kv.add`: adds to a counter, made at 0 where there is none",
  z.object({
    key,
    by: z.number().describe("How much"),
    ttlMs: ttlMs.describe("Milliseconds that a new one stays; absent: while Weir runs"),
  }),
);
export const kvAddResultSchema = def(
  "KvAddResult",
  "The answer of `kv.add`",
  z.object({ value: z.number().describe("What it is now") }),
);

export const httpParamsSchema = def(
  "HttpParams",
  "`http`: a request to a cluster. A binary frame of the message is its body",
  z.object({
    cluster: text().describe("Name of the cluster"),
    method: text().optional().describe("Method; absent: GET"),
    path: text().describe("Path with its query"),
    authority: text().optional().describe("Host; absent: that of the endpoint"),
    fields,
    timeoutMs: whole(1).optional().describe("Milliseconds that it may take"),
    ...bytes("The body"),
  }),
);
export const httpResultSchema = def(
  "HttpResult",
  "The answer of `http`. A binary frame of the message is its body",
  z.object({ status: whole(100, 999).describe("Status"), fields, ...bytes("The body") }),
);

export type LogLineParams = z.output<typeof logLineParamsSchema>;
export type CountParams = z.output<typeof countParamsSchema>;
export type KvGetParams = z.output<typeof kvGetParamsSchema>;
export type KvGetResult = z.output<typeof kvGetResultSchema>;
export type KvSetParams = z.output<typeof kvSetParamsSchema>;
export type KvDeleteParams = z.output<typeof kvDeleteParamsSchema>;
export type KvDeleteResult = z.output<typeof kvDeleteResultSchema>;
export type KvAddParams = z.output<typeof kvAddParamsSchema>;
export type KvAddResult = z.output<typeof kvAddResultSchema>;
export type HttpParams = z.output<typeof httpParamsSchema>;
export type HttpResult = z.output<typeof httpResultSchema>;
