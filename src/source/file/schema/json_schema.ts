import { z } from "zod";
import { configSchema } from "./config.ts";

/** The JSON Schema of a config file, for editors. Its source is the decoder. */
export function configJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(configSchema, { io: "input", target: "draft-2020-12" }) as Record<string, unknown>;
  const { $schema, ...rest } = schema;
  return {
    $schema,
    title: "Weir configuration",
    // Anchors need a place to stand in.
    patternProperties: { "^x-": {} },
    ...rest,
  };
}
