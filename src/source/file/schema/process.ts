import { z } from "zod";
import { listenAddress } from "./address.ts";
import { duration } from "./duration.ts";
import { fileLabel } from "./name.ts";
import { choice, int, off, text } from "./scalar.ts";
import { size } from "./size.ts";

export const nameSchema = fileLabel();

export const adminSchema = z.union([
  z.strictObject({ address: listenAddress.prefault("127.0.0.1:9901").describe("Where to listen") }),
  off(),
]);

export const observeSchema = z.union([z.strictObject({ address: listenAddress.describe("Where to listen") }), off()]);

export const controlSchema = text({ minLength: 1, examples: ["/run/weir/edge.sock"] });

export const pidFileSchema = text({ minLength: 1, examples: ["/run/weir/weir.pid"] });

export const logSchema = z.strictObject({
  level: choice("debug", "info", "warning", "error").prefault("info").describe("The least important events that are told"),
  format: choice("auto", "text", "json").prefault("auto").describe("auto: text on a terminal, JSON otherwise"),
});

export const drainSchema = z.strictObject({
  delay: duration(0).prefault("0s").describe("How long accepting goes on after /readyz has turned 503"),
  limit: duration(0).prefault("30s").describe("How long requests in flight then have to end"),
  tunnels: duration(0)
    .optional()
    .describe("How long WebSockets, other tunnels and sessions of TCP then have to end; as limit when absent"),
});

export const processLimitsSchema = z.strictObject({
  connections: int(1, 2 ** 31 - 1)
    .optional()
    .describe("Client connections in all; worked out of the limit of open files when absent"),
  connectionsPerClient: int(1, 2 ** 31 - 1)
    .optional()
    .describe("Connections of one client address; no cap when absent"),
});

export const workersSchema = z.strictObject({
  memory: z
    .strictObject({
      soft: size(16 * 1024 * 1024)
        .optional()
        .describe("Resident memory at which another process takes its place and it drains"),
      hard: size(16 * 1024 * 1024)
        .optional()
        .describe("Resident memory at which it is killed, and replaced"),
    })
    .prefault({})
    .describe("Limits of one worker; none when absent"),
  orphanLimit: duration(0).prefault("10m").describe("How long a worker serves on when its supervisor is gone"),
});

/** A user or a group, by name or number. */
export const accountSchema = text({ minLength: 1, examples: ["nobody", "65534"] });
