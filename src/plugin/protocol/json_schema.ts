import { z } from "zod";
import { pluginDescriptionSchema } from "./initialize.ts";
import { messageSchema } from "./message.ts";
import { HOST_METHODS, type Method, PLUGIN_METHODS } from "./methods.ts";

type Json = Record<string, unknown>;

/**
 * The JSON Schema of the plugin protocol, as it stands in `plugins/protocol.schema.json`: of one line, with every message's
 * params and result under `$defs`. `x-methods` tells which of them a method has, by the side that sends it.
 */
export function protocolJsonSchema(): Json {
  const all: z.ZodType[] = [messageSchema, pluginDescriptionSchema];
  for (const m of [...Object.values(HOST_METHODS), ...Object.values(PLUGIN_METHODS)]) {
    if (m.params !== null) all.push(m.params);
    if (m.result !== null) all.push(m.result);
  }
  const root = z.object(Object.fromEntries(all.map((s) => [idOf(s), s])));
  const made = z.toJSONSchema(root, { io: "input", target: "draft-2020-12" }) as Json;
  const defs = made["$defs"] as Record<string, Json>;
  return {
    $schema: made["$schema"],
    title: "Weir plugin protocol",
    $ref: "#/$defs/Message",
    "x-methods": { host: methods(HOST_METHODS), plugin: methods(PLUGIN_METHODS) },
    $defs: Object.fromEntries(Object.entries(defs).map(([id, s]) => [id, withoutId(s)])),
  };
}

function methods(table: Readonly<Record<string, Method>>): Json {
  return Object.fromEntries(
    Object.entries(table).map(([name, m]) => [
      name,
      {
        ...(m.params === null ? {} : { params: { $ref: refOf(m.params) } }),
        ...(m.result === null ? {} : { result: { $ref: refOf(m.result) } }),
      },
    ]),
  );
}

function idOf(schema: z.ZodType): string {
  return schema.meta()?.id ?? "";
}

function refOf(schema: z.ZodType): string {
  return `#/$defs/${idOf(schema)}`;
}

/** `id` is no keyword of the draft. */
function withoutId(schema: Json): Json {
  const { id: _, ...rest } = schema;
  return rest;
}
