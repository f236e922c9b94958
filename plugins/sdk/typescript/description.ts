import type { Plugin } from "./plugin.ts";
import type { PluginDescription } from "./protocol.ts";

const PHASES = [
  "requestHead",
  "requestBody",
  "responseHead",
  "responseBody",
  "chooseUpstream",
  "log",
  "tick",
  "endpoints",
] as const;

/** What `--describe` prints and `initialize` answers: the plugin without its handlers. */
export function descriptionOf<Config>(p: Plugin<Config>): PluginDescription {
  const phases: Record<string, unknown> = {};
  for (const name of PHASES) {
    const phase = p[name];
    if (phase === undefined) continue;
    phases[name] = Object.fromEntries(Object.entries(phase).filter(([, v]) => typeof v !== "function"));
  }
  const out: PluginDescription = {
    name: p.name,
    version: p.version,
    capabilities: p.text === true ? { binary: true, text: true } : { binary: true },
    phases,
  };
  if (p.match !== undefined) out.match = p.match;
  if (p.configSchema !== undefined) out.configSchema = p.configSchema;
  return out;
}
