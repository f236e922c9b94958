import { z } from "zod";
import { accessLogSchema } from "./access_log.ts";
import { clusterSchema } from "./cluster.ts";
import { listenerSchema } from "./listener.ts";
import { overloadSchema } from "./overload.ts";
import { pluginSchema } from "./plugin.ts";
import {
  accountSchema,
  adminSchema,
  controlSchema,
  drainSchema,
  logSchema,
  nameSchema,
  observeSchema,
  pidFileSchema,
  processLimitsSchema,
  workersSchema,
} from "./process.ts";
import { routeCommon, routeSchema } from "./route.ts";
import { text } from "./scalar.ts";
import { tcpListenerSchema } from "./tcp_listener.ts";
import { udpListenerSchema } from "./udp_listener.ts";

/** Values under each listener, route and cluster that does not give its own. */
export const defaultsSchema = z.strictObject({
  listener: listenerSchema
    .omit({ address: true, protocol: true, sni: true, fallback: true })
    .optional()
    .describe("Under each listener; under one of TCP what concerns its socket, under one of UDP allow and deny"),
  route: z.strictObject(routeCommon).optional().describe("Under each route"),
  cluster: clusterSchema
    .omit({ endpoints: true, srv: true, endpointsFile: true, endpointsPlugin: true })
    .optional()
    .describe("Under each cluster"),
});

export const includeSchema = z.union([text(), z.array(text())]);

/** A whole file. Decoding goes by resource, so that a problem in one hides none in another; this is their sum, for editors and key names. */
export const configSchema = z.strictObject({
  $schema: text().optional().describe("Where the schema of this file is, for editors"),
  name: nameSchema.prefault("weir").describe("Name of this weir: control socket, Via and metrics"),
  include: includeSchema
    .optional()
    .describe("Further files, relative to this one; * and ? stand for any characters of a file name"),
  defaults: defaultsSchema.optional().describe("Values under each listener, route and cluster that does not give its own"),
  admin: adminSchema.prefault({}).describe("Admin address: metrics, probes, state; false: nowhere"),
  observe: observeSchema.prefault(false).describe("Read-only metrics and probes for readers off this host"),
  control: controlSchema
    .optional()
    .describe("Path of the control socket; $XDG_RUNTIME_DIR/weir/NAME.sock when absent, for root /run/weir/NAME.sock"),
  pidFile: pidFileSchema
    .optional()
    .describe("Path of a file that tells the number of the main process while it serves; none when absent"),
  listeners: z
    .record(z.string(), z.union([listenerSchema, tcpListenerSchema, udpListenerSchema]))
    .optional()
    .describe("Where clients connect, by name"),
  routes: z.array(routeSchema).optional().describe("Which requests go where; the most specific one wins"),
  clusters: z.record(z.string(), clusterSchema).optional().describe("Upstream servers, by name"),
  plugins: z.record(z.string(), pluginSchema).optional().describe("Programs that take part in requests, by name"),
  accessLog: accessLogSchema.optional().describe("Access logs; none when absent"),
  log: logSchema.prefault({}).describe("Weir's own events, on stderr"),
  drain: drainSchema.prefault({}).describe("How Weir ends"),
  limits: processLimitsSchema.prefault({}).describe("What the process takes on"),
  overload: overloadSchema.optional().describe("What Weir gives up under pressure, step by step; nothing when absent"),
  workers: workersSchema.prefault({}).describe("Worker processes, where `--workers` asks for more than one"),
  user: accountSchema.optional().describe("User to become after binding, by name or number"),
  group: accountSchema.optional().describe("Group to become after binding; the user's when absent"),
});

/** Keys of a file that stand once in a config, whichever of its files holds them. */
export type SingleKey = Exclude<
  keyof typeof configSchema.shape,
  "$schema" | "include" | "defaults" | "listeners" | "routes" | "clusters" | "plugins"
>;
