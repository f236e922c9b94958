import type { z } from "zod";
import type { AccessLogSpec, Model } from "../../../config/model.ts";
import { DEFAULT_JSON_FIELDS, DEFAULT_TEXT_TEMPLATE } from "../../../telemetry/access_fields.ts";
import { decode } from "../decode.ts";
import type { AccessLogConfig } from "../schema/access_log.ts";
import { configSchema, type SingleKey } from "../schema/config.ts";
import { toPlain } from "../tree.ts";
import type { Lowering } from "./lowering.ts";
import { lowerOverload } from "./overload.ts";

export type ProcessPart = Omit<Model, "listeners" | "udpListeners" | "routeTables" | "clusters" | "plugins">;

/** All that is not a listener, a route or a cluster. What has problems is left at its default; the problems have been told. */
export function lowerProcess(to: Lowering): ProcessPart {
  const admin = single("admin", to);
  const observe = single("observe", to);
  const control = single("control", to);
  const pidFile = single("pidFile", to);
  const logs = single("accessLog", to);
  const limits = single("limits", to);
  const drain = single("drain", to);
  const log = single("log", to);
  const workers = single("workers", to);
  const overload = single("overload", to);
  return {
    name: single("name", to) ?? "weir",
    admin: admin ? to.address(admin.address) : null,
    observe: observe ? to.address(observe.address) : null,
    control: control === undefined ? null : to.path(control),
    pidFile: pidFile === undefined ? null : to.path(pidFile),
    accessLogs: logs === undefined ? [] : (Array.isArray(logs) ? logs : [logs]).map((l) => lowerAccessLog(l, to)),
    log: log === undefined ? { level: "info", format: "auto" } : log,
    drain: { delayMs: drain?.delay ?? 0, limitMs: drain?.limit ?? 0, tunnelsMs: drain?.tunnels ?? drain?.limit ?? 0 },
    overload: overload === undefined ? null : lowerOverload(overload, to.reporter(to.gathered.singles.get("overload")!)),
    process: {
      maxConnections: limits?.connections ?? null,
      maxConnectionsPerClient: limits?.connectionsPerClient ?? null,
      user: single("user", to) ?? null,
      group: single("group", to) ?? null,
      worker: {
        memory: { softBytes: workers?.memory.soft ?? null, hardBytes: workers?.memory.hard ?? null },
        orphanMs: workers?.orphanLimit ?? 0,
      },
    },
  };
}

type Value<K extends SingleKey> = z.output<(typeof configSchema.shape)[K]>;

function single<K extends SingleKey>(key: K, to: Lowering): Value<K> | undefined {
  const schema: z.ZodType = configSchema.shape[key];
  const item = to.gathered.singles.get(key);
  if (item === undefined) return schema.parse(undefined) as Value<K>;
  return (decode(schema, toPlain(item.node), to.reporter(item)) ?? undefined) as Value<K> | undefined;
}

function lowerAccessLog(c: AccessLogConfig, to: Lowering): AccessLogSpec {
  const place = typeof c.to === "string" ? c.to : null;
  return {
    to:
      place === "stdout" || place === "stderr"
        ? { kind: place }
        : { kind: "file", path: to.path(typeof c.to === "string" ? c.to : c.to.file) },
    format:
      c.format === "json"
        ? { kind: "json", fields: c.fields ?? DEFAULT_JSON_FIELDS }
        : { kind: "text", template: c.format === "text" ? DEFAULT_TEXT_TEMPLATE : c.format },
  };
}
