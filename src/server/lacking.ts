import type { Model } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import type { Platform } from "../platform/types.ts";

/** What a model asks of the system that can't be had here. */
export function lackingProblems(model: Model, platform: Platform): Problem[] {
  if (platform.linux !== null) return [];
  const why = "it takes Linux, and calls of the system that this runtime has";
  const problems: Problem[] = [];
  const tell = (path: string, what: string): void => {
    problems.push({ severity: "error", path, message: `${path}: ${what} can't be had here: ${why}`, hint: "", place: null });
  };
  for (const l of model.listeners.values()) if (l.transparent) tell(`listeners.${l.name}.transparent`, "a transparent socket");
  for (const c of model.clusters.values())
    if (c.hosts === "originalDestination") tell(`clusters.${c.name}.endpoints`, "the original destination of connections");
  return problems;
}
