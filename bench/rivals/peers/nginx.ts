import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startOnProxyCore } from "../measure/child.ts";
import { firstLine, inPath } from "../measure/tools.ts";
import type { Peer, Stage } from "./peer.ts";

export const nginx: Peer = {
  name: "nginx",
  relaysDatagrams: true,
  lacks: () => (inPath("nginx") === null ? "install nginx: apt-get install nginx" : null),
  version: () => firstLine("nginx", ["-v"]),
  start(stage) {
    const file = join(stage.directory, "nginx.conf");
    writeFileSync(file, stage.layer !== "http" ? tcpConfig(stage) : config(stage));
    return startOnProxyCore("nginx", [
      inPath("nginx")!,
      "-p",
      stage.directory,
      "-e",
      join(stage.directory, "error.log"),
      "-c",
      file,
    ]);
  },
};

/** Debian's module, where nginx has none built in: apt-get install libnginx-mod-stream. */
const STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so";

function tcpConfig(s: Stage): string {
  return `${existsSync(STREAM_MODULE) ? `load_module ${STREAM_MODULE};\n` : ""}daemon off;
worker_processes 1;
user root;
pid nginx.pid;
events { worker_connections 40000; }
stream {
  log_format bench '$time_iso8601 $remote_addr ${s.layer === "sni" ? "$ssl_preread_server_name" : "$protocol"} $bytes_received $bytes_sent $session_time $upstream_connect_time origin $upstream_addr $status';
  access_log access.log bench buffer=64k flush=1s;
${s.layer === "udp" ? "" : "  tcp_nodelay on;\n"}  upstream origin { server 127.0.0.1:${s.originPort}; }
${s.layer === "sni" ? "  map $ssl_preread_server_name $to { bench.test origin; localhost origin; }\n" : ""}  server {
    listen 127.0.0.1:${s.port} ${s.layer === "udp" ? "udp rcvbuf=4m" : "backlog=4096"};
    proxy_pass ${s.layer === "sni" ? "$to;\n    ssl_preread on" : "origin"};
    proxy_timeout ${s.layer === "udp" ? "1s" : "1h"};
  }
}
`;
}

/** `proxy_max_temp_file_size 0`: back pressure instead of a file on disk, as all the others do. */
function config(s: Stage): string {
  const pass = s.origin === "h2c" ? "grpc" : "proxy";
  return `daemon off;
worker_processes 1;
user root;
pid nginx.pid;
events { worker_connections 16000; }
http {
  log_format bench '$time_iso8601 $remote_addr $request_method $host $request_uri $server_protocol $status $request_length $body_bytes_sent '
                   '$request_time $upstream_header_time $route origin $upstream_addr - $request_id';
  access_log access.log bench buffer=64k flush=1s;
  tcp_nodelay on;
  keepalive_timeout 300s;
  keepalive_requests 1000000000;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  upstream origin {
    server 127.0.0.1:${s.originPort};
    keepalive 256;
    keepalive_requests 1000000000;
    keepalive_timeout 300s;
  }
  server {
    listen 127.0.0.1:${s.port} backlog=4096${s.certificate === null ? "" : " ssl http2"};
${tlsLines(s)}    location / {
      set $route all;
${s.origin === "h2c" ? "      grpc_pass grpc://origin;\n" : H1_ORIGIN}      ${pass}_set_header Host $host;
      ${pass}_set_header X-Forwarded-For $remote_addr;
      ${pass}_set_header X-Forwarded-Proto $scheme;
      ${pass}_set_header X-Forwarded-Host $host;
      ${pass}_set_header X-Request-Id $request_id;
    }
  }
}
`;
}

const H1_ORIGIN = `      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_max_temp_file_size 0;
      proxy_set_header Connection "";
`;

function tlsLines(s: Stage): string {
  return s.certificate === null
    ? ""
    : `    ssl_certificate ${s.certificate.cert};\n    ssl_certificate_key ${s.certificate.key};\n    ssl_protocols TLSv1.2 TLSv1.3;\n`;
}
