import { z } from "zod";
import { admissionSchema } from "./admission.ts";
import { faultSchema } from "./fault.ts";
import { pluginUseSchema } from "./plugin.ts";

const kinds = {
  grpcWeb: z.strictObject({}).optional().describe("gRPC-Web of browsers, binary and text, becomes gRPC"),
  fault: faultSchema.optional().describe("Delays requests, or answers them with an error, to test what depends on it"),
  admission: admissionSchema.optional().describe("Sheds requests with 503 when too few of those before them succeed"),
  plugin: pluginUseSchema.optional().describe("A program of `plugins`, by its name, or with settings of its own for this use"),
};

/** One item of `filters`: one kind with its settings. */
export const filterSchema = z.strictObject(kinds);

export const FILTER_KINDS: readonly string[] = Object.keys(kinds);

export type FilterConfig = z.output<typeof filterSchema>;
