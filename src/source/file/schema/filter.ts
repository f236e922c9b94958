import { z } from "zod";
import { admissionSchema } from "./admission.ts";
import { faultSchema } from "./fault.ts";
import { anything } from "./module.ts";
import { pluginUseSchema } from "./plugin.ts";
import { text } from "./scalar.ts";

const kinds = {
  grpcWeb: z.strictObject({}).optional().describe("gRPC-Web of browsers, binary and text, becomes gRPC"),
  fault: faultSchema.optional().describe("Delays requests, or answers them with an error, to test what depends on it"),
  admission: admissionSchema.optional().describe("Sheds requests with 503 when too few of those before them succeed"),
  module: text({ examples: ["./filter.ts"] })
    .optional()
    .describe("A filter of your own: file of TypeScript or JavaScript, relative to this file"),
  plugin: pluginUseSchema.optional().describe("A program of `plugins`, by its name, or with settings of its own for this use"),
};

/** What a module is given stands beside it. */
const besides = { config: anything().optional().describe("Any value, which the module is given") };

/** One item of `filters`: one kind with its settings. */
export const filterSchema = z.strictObject({ ...kinds, ...besides });

export const FILTER_KINDS: readonly string[] = Object.keys(kinds);

export type FilterConfig = z.output<typeof filterSchema>;
