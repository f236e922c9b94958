// Writes the types that the libraries in plugins/sdk have of the protocol: bun tools/plugin_types/main.ts
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { outputs } from "./outputs.ts";

const root = join(import.meta.dirname, "..", "..");
const schema: unknown = JSON.parse(readFileSync(join(root, "plugins", "protocol.schema.json"), "utf8"));
for (const [path, text] of outputs(schema)) writeFileSync(join(root, path), text);
