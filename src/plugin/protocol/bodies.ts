import { z } from "zod";
import { bytes, trailers } from "./bytes.ts";
import { def } from "./def.ts";
import { deadline, exchange, settings, whole } from "./scalar.ts";

export const bodyParamsSchema = def(
  "BodyParams",
  "`requestBody` and `responseBody`: a whole body, where the mode is buffered",
  z.object({ x: exchange(), config: settings(), deadlineMs: deadline(), ...bytes("The body"), trailers: trailers() }),
);

export const dataParamsSchema = def(
  "DataParams",
  "`requestData` and `responseData`: a piece of a body, where the mode is streamed",
  z.object({
    x: exchange(),
    config: settings(),
    end: z.boolean().optional().describe("It is the last piece; absent: false"),
    ...bytes("The piece"),
    trailers: trailers(),
  }),
);

export const outParamsSchema = def(
  "OutParams",
  "`requestOut` and `responseOut` of the plugin: what goes on in a body's place",
  z.object({
    x: exchange(),
    end: z.boolean().optional().describe("It is the last piece; absent: false"),
    ...bytes("The piece"),
    trailers: trailers().describe("Trailers in place of the host's; only with `end`"),
    pass: z.boolean().optional().describe("All that was not acknowledged, and all that comes, goes on unchanged; absent: false"),
    error: z.string().optional().describe("Why the plugin gives the body up, in place of `end`; absent: it does not"),
  }),
);

export const takenParamsSchema = def(
  "TakenParams",
  "`requestTaken` and `responseTaken`, of both sides: bytes that were dealt with",
  z.object({ x: exchange(), bytes: whole(1).describe("How many") }),
);

export type BodyParams = z.output<typeof bodyParamsSchema>;
export type DataParams = z.output<typeof dataParamsSchema>;
export type OutParams = z.output<typeof outParamsSchema>;
export type TakenParams = z.output<typeof takenParamsSchema>;
