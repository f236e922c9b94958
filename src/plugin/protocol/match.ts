import { z } from "zod";
import { def } from "./def.ts";
import { text } from "./scalar.ts";

export const matchSchema = def(
  "Match",
  "Requests that the plugin has to do with: all members hold",
  z.object({
    methods: z.array(text()).optional().describe("The method is one of these"),
    paths: z.array(text()).optional().describe("The path, without its query, is one of these"),
    prefixes: z.array(text()).optional().describe("The path begins with one of these, by whole segments"),
    fields: z
      .record(text(), z.string().nullable())
      .optional()
      .describe("Each of these fields is there, with this value; null: with any"),
  }),
);

export type Match = z.output<typeof matchSchema>;
