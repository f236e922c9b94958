import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startOnProxyCore } from "../measure/child.ts";
import { firstLine, inPath } from "../measure/tools.ts";
import type { Peer, Stage } from "./peer.ts";

/** No strict limits: it wants two descriptors for each of `maxconn`, where idle clients need one. Its log goes to stdout, which is a file: HAProxy opens no files of its own. It writes each line by itself, and none for a connection without a request, as all do (dontlognull). */
export const haproxy: Peer = {
  name: "haproxy",
  lacks: () => (inPath("haproxy") === null ? "install HAProxy: apt-get install haproxy" : null),
  version: () => firstLine("haproxy", ["-v"]),
  start(stage) {
    const file = join(stage.directory, "haproxy.cfg");
    writeFileSync(file, stage.layer !== "http" ? tcpConfig(stage) : config(stage));
    return startOnProxyCore("haproxy", [inPath("haproxy")!, "-db", "-f", file], { stdout: join(stage.directory, "access.log") });
  },
};

const HELLO = `  tcp-request inspect-delay 10s
  tcp-request content capture req.ssl_sni len 100
  tcp-request content accept if { req.ssl_hello_type 1 }
`;

function tcpConfig(s: Stage): string {
  return `global
  nbthread 1
  maxconn 16000
  no strict-limits
  log stdout format raw local0
defaults
  mode tcp
  log global
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend all
  bind 127.0.0.1:${s.port} backlog 4096
${s.layer === "sni" ? HELLO : ""}  log-format "%t %ci ${s.layer === "sni" ? "%[capture.req.hdr(0)]" : "TCP"} %U %B %Tt %Tc %f %b %si:%sp %ts"
  ${s.layer === "sni" ? "use_backend origin if { req.ssl_sni -i bench.test localhost }" : "default_backend origin"}
backend origin
  server origin 127.0.0.1:${s.originPort}
`;
}

function config(s: Stage): string {
  const tls = s.certificate === null ? "" : ` ssl crt ${s.certificate.both} alpn h2,http/1.1`;
  return `global
  nbthread 1
  maxconn 16000
  no strict-limits
  log stdout format raw local0
defaults
  mode http
  log global
  option http-keep-alive
  option dontlognull
  http-reuse always
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  timeout http-keep-alive 300s
frontend all
  bind 127.0.0.1:${s.port} backlog 4096${tls}
  unique-id-format %[uuid()]
  unique-id-header X-Request-Id
  option forwardfor
  http-request capture req.hdr(Host) len 128
  http-request set-header X-Forwarded-Proto ${s.certificate === null ? "http" : "https"}
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  log-format "%tr %ci %HM %[capture.req.hdr(0)] %HU %HV %ST %U %B %Ta %Tr %f %b %si:%sp %ts %ID"
  default_backend origin
backend origin
  server origin 127.0.0.1:${s.originPort} pool-purge-delay 300s${s.origin === "h2c" ? " proto h2" : ""}
`;
}
