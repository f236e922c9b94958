import { openArena } from "../measure/arena.ts";
import { GRPC_REPLY_BYTES, REPLY_BYTES } from "../measure/ready.ts";
import { writeRequests } from "../measure/requests.ts";
import { interleave, type LoadOf } from "../measure/rounds.ts";
import type { Metric } from "../measure/sample.ts";
import { CLEARTEXT, DATAGRAMS, PASSTHROUGH, RELAY, type Scene, TLS_TO_H1, TLS_TO_H2C } from "../measure/scene.ts";
import type { Work } from "./work.ts";

const CONNECTIONS = 64;
const H2_CONNECTIONS = 8;
const H2_STREAMS = 32;
const METRICS: readonly Metric[] = ["cpu", "busy", "rate", "p50", "p99", "rss"];

export const KEEP_ALIVE: Work = closedLoop("keepalive", "64 keep-alive connections, 130-byte reply", get("/"));
export const REPLY_64K: Work = closedLoop("64k", "64 keep-alive connections, 64 KiB reply", get("/64k"));
export const REPLY_1M: Work = closedLoop("1m", "64 keep-alive connections, 1 MiB reply", get("/1m"));
export const NEW_CONNECTIONS: Work = closedLoop(
  "new",
  "a new connection for each request, 64 at a time, 130-byte reply",
  get("/", "Connection: close\r\n", "new"),
);
export const TCP: Work = closedLoop(
  "tcp",
  "a relay of TCP: 64 connections, each of which asks the origin for 64 KiB and again",
  get("/64k"),
  RELAY,
);
export const TCP_NEW: Work = closedLoop(
  "tcpnew",
  "a relay of TCP: a session for each request, 64 at a time, 130-byte reply",
  get("/", "Connection: close\r\n", "new"),
  RELAY,
);
export const UDP: Work = closedLoop(
  "udp",
  "a relay of UDP: 64 clients, each of which sends 100 bytes and, when they have come back, again",
  { tool: "load_udp", mode: "closed", connections: CONNECTIONS, body: 100, statuses: [] },
  DATAGRAMS,
  ["cpu", "perCpu", "busy", "rate", "p50", "p99", "rss"],
);
export const SNI: Work = closedLoop(
  "sni",
  "full TLS 1.3 handshakes with a server behind, passed on by the name in the hello, 64 at a time, no request",
  { tool: "load_tls", mode: "handshakes", connections: CONNECTIONS, statuses: [] },
  PASSTHROUGH,
  ["cpu", "perCpu", "busy", "rate", "p50", "p99", "rss"],
);
export const H2: Work = closedLoop(
  "h2",
  "HTTP/2 over TLS in, HTTP/1.1 out, 8 connections of 32 streams, 130-byte reply",
  { tool: "load_h2", mode: "get", connections: H2_CONNECTIONS, streams: H2_STREAMS, body: REPLY_BYTES, statuses: ["200"] },
  TLS_TO_H1,
);
export const GRPC: Work = closedLoop(
  "grpc",
  "unary gRPC, HTTP/2 over TLS in, h2c out, 8 connections of 32 streams, messages of 100 bytes both ways",
  { tool: "load_h2", mode: "grpc", connections: H2_CONNECTIONS, streams: H2_STREAMS, body: GRPC_REPLY_BYTES, statuses: ["200"] },
  TLS_TO_H2C,
);
export const TLS: Work = closedLoop(
  "tls",
  "64 keep-alive connections of HTTP/1.1 over TLS, 130-byte reply",
  { ...get("/"), tool: "load_tls" },
  TLS_TO_H1,
);
export const HANDSHAKES: Work = closedLoop(
  "handshakes",
  "full TLS 1.3 handshakes (ECDSA P-256, X25519), 64 at a time, no request",
  { tool: "load_tls", mode: "handshakes", connections: CONNECTIONS, statuses: [] },
  TLS_TO_H1,
  ["cpu", "perCpu", "busy", "rate", "p50", "p99", "rss"],
);

/** `path`: of HTTP/1.1 requests that are written to a file. */
type Plan = ReturnType<LoadOf> & { readonly path?: string; readonly fields?: string };

function get(path: string, fields = "", mode: "closed" | "new" = "closed"): Plan {
  return { tool: "load", mode, path, fields, connections: CONNECTIONS, statuses: ["200"] };
}

/** Each connection, or stream, begins its next request when it has the reply to the last one, which saturates the proxy. */
function closedLoop(
  name: string,
  title: string,
  { path, fields, ...load }: Plan,
  scene: Scene = CLEARTEXT,
  metrics: readonly Metric[] = METRICS,
): Work {
  return {
    name,
    title,
    metrics,
    async run(peers, pace) {
      const able = scene.layer === "udp" ? peers.filter((p) => p.relaysDatagrams === true) : peers;
      const arena = await openArena(able, scene);
      try {
        const file =
          path === undefined ? {} : { requests: writeRequests(arena.directory, name, [{ path, fields: fields ?? "" }]) };
        const rounds = await interleave(arena.subjects, pace, () => ({ ...load, ...file }));
        return { ...rounds, notes: [], logLines: Object.fromEntries(arena.subjects.map((s) => [s.name, s.logLine])) };
      } finally {
        await arena.close();
      }
    },
  };
}
