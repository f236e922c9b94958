import { z } from "zod";
import { def } from "./def.ts";
import { fieldNamesSchema } from "./fields.ts";
import { text, whole } from "./scalar.ts";

const fields = fieldNamesSchema.optional().describe("Fields that are sent; absent: none");
const attributes = z.array(text()).optional().describe("Facts that are sent; absent: none. Unknown names are ignored");

export const headPhaseSchema = def("HeadPhase", "What a phase needs of a head", z.object({ fields, attributes }));

export const bodyPhaseSchema = def(
  "BodyPhase",
  "What a phase needs of a body",
  z.object({
    mode: z.enum(["buffered", "streamed"]).optional().describe("How the body comes; absent: buffered"),
    limitBytes: whole(0).optional().describe("Longest buffered body in bytes; absent: `limits.bodyBytes`"),
  }),
);

export const choosePhaseSchema = def("ChoosePhase", "What the choice of a host needs", z.object({ attributes }));

export const logPhaseSchema = def(
  "LogPhase",
  "What is told of exchanges that have ended",
  z.object({
    attributes,
    everyMs: whole(1).optional().describe("Milliseconds that records are gathered for; absent: 1000"),
    batch: whole(1).optional().describe("Most records of one message; absent: 100"),
  }),
);

export const tickPhaseSchema = def(
  "TickPhase",
  "How often the clock is told",
  z.object({ everyMs: whole(100).describe("Milliseconds between two, at least 100") }),
);

export const endpointsPhaseSchema = def("EndpointsPhase", "The plugin is a source of endpoints. No member yet", z.object({}));

export const phasesSchema = def(
  "Phases",
  "Phases that the plugin wants, each with what it needs",
  z.object({
    requestHead: headPhaseSchema.optional().describe("A request's head has come"),
    requestBody: bodyPhaseSchema.optional().describe("The body of a request"),
    responseHead: headPhaseSchema.optional().describe("A reply's head has come, an upstream's or Weir's own"),
    responseBody: bodyPhaseSchema.optional().describe("The body of a reply"),
    chooseUpstream: choosePhaseSchema.optional().describe("A host of the cluster is wanted"),
    log: logPhaseSchema.optional().describe("Exchanges have ended"),
    tick: tickPhaseSchema.optional().describe("Time goes by"),
    endpoints: endpointsPhaseSchema.optional().describe("The plugin tells the endpoints of clusters"),
  }),
);

export type HeadPhase = z.output<typeof headPhaseSchema>;
export type BodyPhase = z.output<typeof bodyPhaseSchema>;
export type ChoosePhase = z.output<typeof choosePhaseSchema>;
export type LogPhase = z.output<typeof logPhaseSchema>;
export type TickPhase = z.output<typeof tickPhaseSchema>;
export type Phases = z.output<typeof phasesSchema>;
