import { z } from "zod";
import { def } from "./def.ts";
import { attributesSchema } from "./fields.ts";
import { exchange, settings, whole } from "./scalar.ts";

export const logParamsSchema = def(
  "LogParams",
  "`log` of the host: exchanges have ended",
  z.object({
    records: z.array(attributesSchema).describe("Each the attributes that were asked for"),
    lost: whole(0).optional().describe("Records that were dropped since the last message; absent: 0"),
  }),
);

export const tickParamsSchema = def(
  "TickParams",
  "`tick`: time has gone by",
  z.object({ config: settings(), time: whole(0).describe("Milliseconds since 1970") }),
);

export const cancelParamsSchema = def(
  "CancelParams",
  "`cancel`: nobody waits for the answer any more",
  z.object({ id: whole(1).describe("Number of the request") }),
);

export const doneParamsSchema = def("DoneParams", "`done`: the last that is said of an exchange", z.object({ x: exchange() }));

export type LogParams = z.output<typeof logParamsSchema>;
export type TickParams = z.output<typeof tickParamsSchema>;
export type CancelParams = z.output<typeof cancelParamsSchema>;
export type DoneParams = z.output<typeof doneParamsSchema>;
