import type { Problem } from "../config/problem.ts";

/** A plugin that does not start, or not as the config wants it. */
export function refusal(plugin: string, why: string): Problem {
  return {
    severity: "error",
    path: `plugins.${plugin}`,
    message: `the plugin ${plugin} is refused: ${why}`,
    hint: "",
    place: null,
  };
}
