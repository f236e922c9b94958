import { go } from "./go.ts";
import { type Model, readModel } from "./model.ts";
import { python } from "./python.ts";
import { rust } from "./rust.ts";
import { typescript } from "./typescript.ts";

const LANGUAGES: Readonly<Record<string, (model: Model) => string>> = {
  "plugins/sdk/typescript/protocol.ts": typescript,
  "plugins/sdk/go/protocol/protocol.go": go,
  "plugins/sdk/python/weir_plugin/protocol.py": python,
  "plugins/sdk/rust/src/protocol.rs": rust,
};

/** The files of types, by path from the root of the project. */
export function outputs(schema: unknown): ReadonlyMap<string, string> {
  const model = readModel(schema);
  return new Map(Object.entries(LANGUAGES).map(([path, make]) => [path, make(model)]));
}
