import { z } from "zod";
import { actionSchema } from "./action.ts";
import { bodyParamsSchema, dataParamsSchema, outParamsSchema, takenParamsSchema } from "./bodies.ts";
import { configureParamsSchema, unconfigureParamsSchema } from "./configure.ts";
import { def } from "./def.ts";
import { requestHeadParamsSchema, responseHeadParamsSchema } from "./heads.ts";
import {
  countParamsSchema,
  httpParamsSchema,
  httpResultSchema,
  kvAddParamsSchema,
  kvAddResultSchema,
  kvDeleteParamsSchema,
  kvDeleteResultSchema,
  kvGetParamsSchema,
  kvGetResultSchema,
  kvSetParamsSchema,
  logLineParamsSchema,
} from "./host_calls.ts";
import { initializeParamsSchema, initializeResultSchema } from "./initialize.ts";
import { cancelParamsSchema, doneParamsSchema, logParamsSchema, tickParamsSchema } from "./notices.ts";
import {
  chooseUpstreamParamsSchema,
  chooseUpstreamResultSchema,
  endpointsParamsSchema,
  unwatchEndpointsParamsSchema,
  watchEndpointsParamsSchema,
} from "./upstreams.ts";

/** What a method takes and answers. */
export interface Method {
  /** null: it has none. */
  readonly params: z.ZodType | null;
  /** null: it is a notification. */
  readonly result: z.ZodType | null;
}

export const emptySchema = def("Empty", "An answer that says no more than that it is done", z.object({}));

/** What the host sends. */
export const HOST_METHODS: Readonly<Record<string, Method>> = {
  initialize: { params: initializeParamsSchema, result: initializeResultSchema },
  initialized: { params: null, result: null },
  configure: { params: configureParamsSchema, result: emptySchema },
  unconfigure: { params: unconfigureParamsSchema, result: null },
  requestHead: { params: requestHeadParamsSchema, result: actionSchema },
  requestBody: { params: bodyParamsSchema, result: actionSchema },
  requestData: { params: dataParamsSchema, result: null },
  requestTaken: { params: takenParamsSchema, result: null },
  responseHead: { params: responseHeadParamsSchema, result: actionSchema },
  responseBody: { params: bodyParamsSchema, result: actionSchema },
  responseData: { params: dataParamsSchema, result: null },
  responseTaken: { params: takenParamsSchema, result: null },
  chooseUpstream: { params: chooseUpstreamParamsSchema, result: chooseUpstreamResultSchema },
  log: { params: logParamsSchema, result: null },
  tick: { params: tickParamsSchema, result: null },
  watchEndpoints: { params: watchEndpointsParamsSchema, result: null },
  unwatchEndpoints: { params: unwatchEndpointsParamsSchema, result: null },
  cancel: { params: cancelParamsSchema, result: null },
  done: { params: doneParamsSchema, result: null },
  ping: { params: null, result: emptySchema },
  shutdown: { params: null, result: emptySchema },
};

/** What the plugin sends. */
export const PLUGIN_METHODS: Readonly<Record<string, Method>> = {
  requestOut: { params: outParamsSchema, result: null },
  requestTaken: { params: takenParamsSchema, result: null },
  responseOut: { params: outParamsSchema, result: null },
  responseTaken: { params: takenParamsSchema, result: null },
  endpoints: { params: endpointsParamsSchema, result: null },
  log: { params: logLineParamsSchema, result: null },
  count: { params: countParamsSchema, result: null },
  "kv.get": { params: kvGetParamsSchema, result: kvGetResultSchema },
  "kv.set": { params: kvSetParamsSchema, result: emptySchema },
  "kv.delete": { params: kvDeleteParamsSchema, result: kvDeleteResultSchema },
  "kv.add": { params: kvAddParamsSchema, result: kvAddResultSchema },
  http: { params: httpParamsSchema, result: httpResultSchema },
};
