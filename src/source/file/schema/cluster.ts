import { z } from "zod";
import { balanceSchema } from "./balance.ts";
import { breakersSchema } from "./breakers.ts";
import { clusterTlsSchema } from "./cluster_tls.ts";
import { dnsSchema } from "./dns.ts";
import { duration } from "./duration.ts";
import { type EndpointConfig, endpointSchema } from "./endpoint.ts";
import { healthSchema } from "./health.ts";
import { hostName } from "./host.ts";
import { http2Schema } from "./http2.ts";
import { ipAddress } from "./ip.ts";
import { outlierSchema } from "./outlier.ts";
import { bool, choice, int, off, text } from "./scalar.ts";
import { sharingSchema, subsetsSchema } from "./sharing.ts";
import { srvName } from "./srv_name.ts";
import { filePath } from "./tls_values.ts";

const proxyVersion = choice("v1", "v2");

const sentProxyHeader = z.union([
  proxyVersion,
  z.strictObject({
    version: proxyVersion.describe("v1 is a line of text and tells addresses alone; v2 is binary and can tell more"),
    tlvs: z
      .array(choice("received", "authority", "alpn"))
      .optional()
      .describe(
        "Of v2, all when absent: received: what a header that came in told; authority and alpn: the name and the protocol of the client's TLS",
      ),
    checksum: bool().optional().describe("Of v2: a CRC-32C at its end; none when absent"),
  }),
]);

/** One `clusters` entry. */
export const clusterSchema = z
  .strictObject({
    endpoints: z
      .union([z.array(endpointSchema).min(1), choice("originalDestination")])
      .optional()
      .describe(
        "Servers that share the cluster's requests. originalDestination: each TCP session goes where it was going before the firewall redirected it",
      ),
    srv: srvName()
      .optional()
      .describe(
        "Instead of endpoints: a name whose SRV records tell hosts, ports, weights and levels; asked again as they expire",
      ),
    endpointsFile: filePath.optional().describe("Instead of endpoints: a file with a list of them, YAML or JSON; watched"),
    endpointsPlugin: z
      .union([
        text({ minLength: 1 }),
        z.strictObject({
          use: text({ minLength: 1 }).describe("Name of the plugin"),
          config: z.unknown().optional().describe("What it is given for this cluster; none when absent"),
        }),
      ])
      .optional()
      .describe("Instead of endpoints: a plugin that tells them, by its name or with settings"),
    balance: balanceSchema
      .prefault("roundRobin")
      .describe("How an endpoint is chosen: the name of a policy, or one with settings"),
    sharing: sharingSchema.prefault({}).describe("What part of the endpoints takes traffic"),
    subsets: subsetsSchema.optional().describe("Metadata by which routes may ask for a part of the endpoints; none when absent"),
    health: healthSchema
      .optional()
      .describe("Ask endpoints how they are: http, tcp or grpc, or one of them with settings; false or absent: don't"),
    outlier: outlierSchema
      .optional()
      .describe("Leave out endpoints that answer badly for a while; {} has the defaults; false or absent: none"),
    breakers: breakersSchema.prefault({}).describe("Caps above which requests are answered with 503 at once; workers share them"),
    protocol: choice("auto", "http1", "h2", "h2c")
      .prefault("auto")
      .describe("auto: what ALPN agrees on over TLS, HTTP/1.1 without; h2 is HTTP/2 over TLS, h2c without"),
    tls: clusterTlsSchema.optional().describe("TLS towards the endpoints; {} trusts the runtime's authorities. None when absent"),
    http2: http2Schema.prefault({}).describe("Settings of HTTP/2 connections"),
    host: hostName(true, ["pass", "endpoint"])
      .prefault("pass")
      .describe('Host sent on: "pass" the client\'s, "endpoint" the address in the config, or a literal'),
    connectTimeout: duration().prefault("5s").describe("Until a connection stands"),
    idleTimeout: z
      .union([duration(), off()])
      .prefault("60s")
      .describe("How long an unused connection is kept; false: connections are not kept"),
    maxIdle: int(0, 65535).prefault(256).describe("Unused connections kept for each endpoint"),
    requestsPerConnection: z
      .union([int(1, 2 ** 31 - 1), off()])
      .prefault(false)
      .describe("Requests on one connection; false: no limit"),
    maxConnectionAge: z
      .union([duration(), off()])
      .prefault(false)
      .describe("Age at which a connection takes no more requests and ends when those under way have; false: no limit"),
    keepalive: z
      .union([duration(), off()])
      .prefault("60s")
      .describe("Idle time before the first TCP keepalive probe; false: off"),
    source: ipAddress().optional().describe("IP address that connections come from; the system's choice when absent"),
    proxyProtocol: sentProxyHeader
      .optional()
      .describe("Begin connections with a PROXY header, which names the client: v1 or v2. None when absent"),
    dns: dnsSchema.prefault({}).describe("How host names are resolved"),
  })
  .meta({ id: "Cluster" });

export type ClusterConfig = z.output<typeof clusterSchema>;

/** Those that the config lists. */
export function listedEndpoints(c: ClusterConfig): readonly EndpointConfig[] {
  return c.endpoints === undefined || typeof c.endpoints === "string" ? [] : c.endpoints;
}
