import { z } from "zod";
import { toSchema } from "./action.ts";
import { duration } from "./duration.ts";
import { http2Schema } from "./http2.ts";
import { ipRange } from "./ip.ts";
import { listenerTlsSchema } from "./listener_tls.ts";
import { bool, choice, int, off } from "./scalar.ts";
import { size } from "./size.ts";
import { detectTimeout, sniRules } from "./sni.ts";
import { socketAddress, socketKeys } from "./socket.ts";
import { protocol } from "./tcp_listener.ts";

const certificatePolicy = choice("sanitize", "forwardOnly", "appendForward", "sanitizeSet", "alwaysForwardOnly");

const clientCertificate = z.strictObject({
  policy: certificatePolicy.prefault("sanitize").describe("What becomes of the field"),
  details: z
    .array(choice("subject", "uri", "dns", "cert", "chain"))
    .prefault(["subject", "uri", "dns"])
    .describe("What is told besides the certificate's hash"),
});

const forwarded = z.strictObject({
  trustedProxies: z
    .array(ipRange)
    .prefault([])
    .describe("Peers whose forwarding fields are believed and appended to; those of all others are replaced"),
  xForwarded: choice("set", "keep", "remove").prefault("set").describe("X-Forwarded-For, -Proto and -Host"),
  forwarded: choice("set", "keep", "remove").prefault("remove").describe("Forwarded of RFC 7239"),
  requestId: choice("set", "always", "keep", "remove")
    .prefault("set")
    .describe("X-Request-Id: set makes one unless a trusted peer sent it, always makes a new one"),
  via: bool()
    .prefault(false)
    .describe("Add Via to requests and responses (RFC 9110 7.6.3); some servers don't compress for proxies that do"),
  clientCertificate: z
    .union([certificatePolicy, clientCertificate])
    .prefault("sanitize")
    .describe(
      "X-Forwarded-Client-Cert, as Envoy has it: sanitize removes it, sanitizeSet tells of this connection's certificate, appendForward does so behind what came, forwardOnly passes on what came with a certificate, alwaysForwardOnly in any case",
    ),
});

const paths = z.strictObject({
  mergeSlashes: bool().prefault(false).describe("Take // for / before routing, and send it so"),
});

const limits = z.strictObject({
  head: size(1024, 1024 ** 2)
    .prefault("64KiB")
    .describe("Bytes of a request's head"),
  requestLine: size(256, 1024 ** 2)
    .prefault("16KiB")
    .describe("Bytes of the request line"),
  fields: int(1, 10_000).prefault(100).describe("Header fields of a request"),
  body: z
    .union([size(0), off()])
    .prefault(false)
    .describe("Bytes of a request's body; false: no limit"),
  requestsPerConnection: z
    .union([int(1, 2 ** 31 - 1), off()])
    .prefault(false)
    .describe("Requests on one connection; false: no limit"),
});

const timeouts = z.strictObject({
  idle: duration()
    .prefault("60s")
    .describe(
      "Between two requests of a kept connection; of TCP, 1h: a session on which nothing moves, false: it is left alone; of UDP, 60s: the same",
    ),
  head: duration().prefault("10s").describe("From the first byte of a request's head to its last"),
  body: duration().prefault("60s").describe("Between two reads of a request's body"),
  streamIdle: duration().prefault("5m").describe("Between any two bytes of a request or its reply"),
  tunnelIdle: duration().prefault("1h").describe("Idle time of an upgraded connection, a CONNECT tunnel or a session of TCP"),
  maxConnection: z
    .union([duration(), off()])
    .prefault(false)
    .describe("Age at which a connection takes no more requests and ends when those under way have; false: no limit"),
});

const fallback = z.strictObject({
  to: toSchema.describe("Cluster that the sessions go to, or a list with weights"),
});

/** One `listeners` entry that carries HTTP. */
export const listenerSchema = z
  .strictObject({
    address: socketAddress,
    protocol: protocol("http").prefault("http").describe("What it carries: http, tcp for any other protocol over TCP, or udp"),
    ...socketKeys,
    tls: listenerTlsSchema.optional().describe("TLS; none when absent. Of TCP: what is inside goes to the cluster"),
    detect: bool()
      .prefault(false)
      .describe(
        "Tell TLS, HTTP/2 and HTTP/1.1 apart by a connection's first bytes: cleartext beside tls, and HTTP/2 without TLS",
      ),
    sni: sniRules,
    fallback: fallback
      .optional()
      .describe("With detect: where connections go that are neither TLS nor HTTP; refused when absent"),
    detectTimeout,
    http2: http2Schema.prefault({}).describe("Settings of HTTP/2 connections"),
    forwarded: forwarded.prefault({}).describe("What upstreams are told of the client"),
    paths: paths.prefault({}).describe("How paths are normalised"),
    underscores: choice("drop", "keep", "refuse")
      .prefault("drop")
      .describe("Field names with _, which CGI-like upstreams take for -"),
    limits: limits.prefault({}).describe("What one client may send"),
    timeouts: timeouts.prefault({}).describe("How long a client may take"),
  })
  .meta({ id: "Listener" });

export type ListenerConfig = z.output<typeof listenerSchema>;
