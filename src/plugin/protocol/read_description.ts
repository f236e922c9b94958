import { z } from "zod";
import { pluginDescriptionSchema } from "./initialize.ts";

/** Of what is no description. */
const SHOWN = 500;

/** What a plugin says of itself. */
export interface Description {
  /** Says what is wrong with the settings of a use; null: nothing. */
  readonly checkSettings: (config: unknown) => string | null;
  /** Names of the phases that it wants. */
  readonly phases: readonly string[];
}

/** Reads what a plugin printed for `--describe`; a string: what is wrong with it, for people. */
export function readDescription(text: string): string | Description {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return `have it print one line of JSON for --describe: found ${JSON.stringify(text.slice(0, SHOWN))}`;
  }
  const parsed = pluginDescriptionSchema.safeParse(raw);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    return `correct what it says of itself for --describe: ${path.join(".") || "the whole"}: ${message}`;
  }
  const { configSchema } = parsed.data;
  const phases = Object.keys(parsed.data.phases);
  if (configSchema === undefined) return { phases, checkSettings: () => null };
  let schema: z.ZodType;
  try {
    schema = z.fromJSONSchema(configSchema as Parameters<typeof z.fromJSONSchema>[0]);
  } catch (e) {
    return `correct its configSchema: ${e instanceof Error ? e.message : String(e)}`;
  }
  const checkSettings = (config: unknown): string | null => {
    const result = schema.safeParse(config ?? {});
    if (result.success) return null;
    const { path, message } = result.error.issues[0]!;
    return `correct the settings as the plugin wants them: ${path.length === 0 ? "" : `${path.join(".")}: `}${message}`;
  };
  return { phases, checkSettings };
}
