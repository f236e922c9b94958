import { z } from "zod";
import { def } from "./def.ts";
import { attributesSchema } from "./fields.ts";
import { anything, deadline, exchange, settings, text, whole } from "./scalar.ts";

const labels = z.record(z.string(), z.unknown()).optional().describe("What the config or its source says of it; absent: nothing");

export const upstreamHostSchema = def(
  "UpstreamHost",
  "A host that can be picked",
  z.object({
    address: text().describe("Address with port"),
    weight: whole(0).optional().describe("Its share against the others; absent: 1"),
    active: whole(0).optional().describe("Requests in flight; absent: 0"),
    zone: text().optional().describe("Where it stands"),
    metadata: labels,
  }),
);

export const chooseUpstreamParamsSchema = def(
  "ChooseUpstreamParams",
  "`chooseUpstream`: a host of the cluster is wanted",
  z.object({
    x: exchange(),
    config: settings(),
    deadlineMs: deadline(),
    cluster: text().describe("Name of the cluster"),
    hosts: z.array(upstreamHostSchema).describe("Hosts that can be picked"),
    attempt: whole(1).optional().describe("Which try of the request, from 1; absent: 1"),
    attributes: attributesSchema.optional().describe("Facts that the phase asks for; absent: none"),
  }),
);

export const chooseUpstreamResultSchema = def(
  "ChooseUpstreamResult",
  "The answer of `chooseUpstream`",
  z.object({ host: text().optional().describe("Address of one of the hosts; absent: by the cluster's own policy") }),
);

export const watchEndpointsParamsSchema = def(
  "WatchEndpointsParams",
  "`watchEndpoints`: the endpoints of a cluster are wanted, now and whenever they change",
  z.object({
    watch: whole(1).describe("Number that names it"),
    cluster: text().describe("Name of the cluster"),
    config: anything().optional().describe("What the cluster's config has for the plugin"),
  }),
);

export const unwatchEndpointsParamsSchema = def(
  "UnwatchEndpointsParams",
  "`unwatchEndpoints`: the endpoints of a cluster are not wanted any more",
  z.object({ watch: whole(1).describe("Number that names it") }),
);

export const endpointSchema = def(
  "Endpoint",
  "An endpoint of a cluster",
  z.object({
    address: text().describe("Address with port"),
    weight: whole(1).optional().describe("Its share against the others; absent: 1"),
    zone: text().optional().describe("Where it stands"),
    metadata: labels,
    priority: whole(0).optional().describe("Those of the lowest number go first; absent: 0"),
  }),
);

export const endpointsParamsSchema = def(
  "EndpointsParams",
  "`endpoints` of the plugin: the whole list of a cluster's endpoints",
  z.object({ watch: whole(1).describe("Number of the watch"), endpoints: z.array(endpointSchema).describe("All of them") }),
);

export type UpstreamHost = z.output<typeof upstreamHostSchema>;
export type ChooseUpstreamParams = z.output<typeof chooseUpstreamParamsSchema>;
export type ChooseUpstreamResult = z.output<typeof chooseUpstreamResultSchema>;
export type WatchEndpointsParams = z.output<typeof watchEndpointsParamsSchema>;
export type UnwatchEndpointsParams = z.output<typeof unwatchEndpointsParamsSchema>;
export type PluginEndpoint = z.output<typeof endpointSchema>;
export type EndpointsParams = z.output<typeof endpointsParamsSchema>;
