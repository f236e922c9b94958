import { configJsonSchema } from "../source/file/schema/json_schema.ts";
import { type CliIo, EXIT } from "./deps.ts";

/** `weir schema`: the JSON Schema of the config, as it stands in `config/weir.schema.json`. */
export function schema(io: Pick<CliIo, "out">): Promise<number> {
  io.out(schemaText());
  return Promise.resolve(EXIT.done);
}

export function schemaText(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}
