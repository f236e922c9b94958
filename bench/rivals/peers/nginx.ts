import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startOnProxyCore } from "../measure/child.ts";
import { firstLine, inPath } from "../measure/tools.ts";
import type { Peer, Stage } from "./peer.ts";

export const nginx: Peer = {
  name: "nginx",
  lacks: () => (inPath("nginx") === null ? "install nginx: apt-get install nginx" : null),
  version: () => firstLine("nginx", ["-v"]),
  start(stage) {
    const file = join(stage.directory, "nginx.conf");
    writeFileSync(file, config(stage));
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

/** `proxy_max_temp_file_size 0`: back pressure instead of a file on disk, as all the others do. */
function config(s: Stage): string {
  return `daemon off;
worker_processes 1;
user root;
pid nginx.pid;
events { worker_connections 16000; }
http {
  log_format bench '$time_iso8601 $remote_addr $request_method $http_host $request_uri $server_protocol $status $request_length $body_bytes_sent '
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
    listen 127.0.0.1:${s.port} backlog=4096;
    location / {
      set $route all;
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_max_temp_file_size 0;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Request-Id $request_id;
    }
  }
}
`;
}
