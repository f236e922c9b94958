import { z } from "zod";
import { def } from "./def.ts";
import { matchSchema } from "./match.ts";
import { phasesSchema } from "./phases.ts";
import { anything, text, whole } from "./scalar.ts";

export const protocolRangeSchema = def(
  "ProtocolRange",
  "Versions of the protocol that the host speaks",
  z.object({ min: whole(1).describe("The oldest"), max: whole(1).describe("The newest") }),
);

export const hostInfoSchema = def(
  "HostInfo",
  "Who started the plugin",
  z.object({ name: text().describe("Its name"), version: text().describe("Its version") }),
);

export const hostCapabilitiesSchema = def(
  "HostCapabilities",
  "What the host can do. Unknown ones are ignored",
  z.object({
    binary: z.boolean().optional().describe("It understands binary frames; absent: false"),
    calls: z.array(text()).optional().describe("Names of the host calls that are granted; absent: none"),
  }),
);

export const limitsSchema = def(
  "Limits",
  "Bounds that both sides keep to",
  z.object({
    messageBytes: whole(1).optional().describe("Longest message in bytes, its line end included; absent: 4194304"),
    bodyBytes: whole(0).optional().describe("Longest buffered body in bytes"),
    streamWindow: whole(1).optional().describe("Bytes of a direction that may be unacknowledged; absent: 262144"),
    concurrency: whole(1).optional().describe("Calls that are open at once in this process"),
  }),
);

export const initializeParamsSchema = def(
  "InitializeParams",
  "`initialize`: the first request of the host",
  z.object({
    protocol: protocolRangeSchema.describe("Versions of the protocol that the host speaks"),
    host: hostInfoSchema.describe("Who started the plugin"),
    plugin: text().describe("Name of the plugin in the config"),
    process: whole(0).optional().describe("Which of the plugin's processes, from 0; absent: 0"),
    capabilities: hostCapabilitiesSchema.optional().describe("What the host can do"),
    limits: limitsSchema.optional().describe("Bounds that both sides keep to"),
    config: anything().optional().describe("`config` of the plugin, as in Weir's config; null: none"),
  }),
);

export const pluginCapabilitiesSchema = def(
  "PluginCapabilities",
  "What the plugin can do. Unknown ones are ignored",
  z.object({
    binary: z.boolean().optional().describe("It understands binary frames; absent: false"),
    text: z.boolean().optional().describe("It takes bodies as `text` where they are valid UTF-8; absent: false"),
  }),
);

const description = {
  name: text().describe("Name of the plugin itself"),
  version: z.string().describe("Version of the plugin itself"),
  capabilities: pluginCapabilitiesSchema.optional().describe("What the plugin can do"),
  phases: phasesSchema.describe("Phases that the plugin wants, each with what it needs"),
  match: z
    .array(matchSchema)
    .optional()
    .describe("Requests that it has to do with: one of these alternatives holds; absent or empty: all"),
  configSchema: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("JSON Schema (2020-12) of `config` of each use; absent: any"),
};

export const initializeResultSchema = def(
  "InitializeResult",
  "The plugin's answer to `initialize`",
  z.object({ protocol: whole(1).describe("Version of the protocol, within the host's range"), ...description }),
);

export const pluginDescriptionSchema = def(
  "PluginDescription",
  "The line that `--describe` prints: the answer of `initialize` without `protocol`",
  z.object(description),
);

export type InitializeParams = z.output<typeof initializeParamsSchema>;
export type InitializeResult = z.output<typeof initializeResultSchema>;
export type PluginDescription = z.output<typeof pluginDescriptionSchema>;
export type PluginLimits = z.output<typeof limitsSchema>;
export type HostCapabilities = z.output<typeof hostCapabilitiesSchema>;
export type PluginCapabilities = z.output<typeof pluginCapabilitiesSchema>;
