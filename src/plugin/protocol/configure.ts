import { z } from "zod";
import { def } from "./def.ts";
import { anything, whole } from "./scalar.ts";

const number = whole(1).describe("Number that calls carry");

export const configureParamsSchema = def(
  "ConfigureParams",
  "`configure`: settings of a use, before a call names them. An error as the answer refuses the use",
  z.object({ config: number, value: anything().describe("`config` of the use, as in Weir's config") }),
);

export const unconfigureParamsSchema = def(
  "UnconfigureParams",
  "`unconfigure`: no call will name these settings any more",
  z.object({ config: number }),
);

export type ConfigureParams = z.output<typeof configureParamsSchema>;
export type UnconfigureParams = z.output<typeof unconfigureParamsSchema>;
