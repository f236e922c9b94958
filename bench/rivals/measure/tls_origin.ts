import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Certificate } from "./certificate.ts";
import { type Child, startOnLoadCore } from "./child.ts";
import { REPLY_BYTES } from "./ready.ts";
import { inPath } from "./tools.ts";

/** A server behind relays that read only a client's hello: nginx, which ends TLS and replies by itself. */
export function startTlsOrigin(directory: string, port: number, certificate: Certificate): Child {
  const file = join(directory, "tls_origin.conf");
  writeFileSync(
    file,
    `daemon off;
worker_processes 1;
user root;
pid ${join(directory, "tls_origin.pid")};
events { worker_connections 16000; }
http {
  access_log off;
  client_body_temp_path ${join(directory, "tls_origin_body")};
  proxy_temp_path ${join(directory, "tls_origin_proxy")};
  fastcgi_temp_path ${join(directory, "tls_origin_fastcgi")};
  uwsgi_temp_path ${join(directory, "tls_origin_uwsgi")};
  scgi_temp_path ${join(directory, "tls_origin_scgi")};
  server {
    listen 127.0.0.1:${port} ssl backlog=4096;
    ssl_certificate ${certificate.cert};
    ssl_certificate_key ${certificate.key};
    ssl_protocols TLSv1.3;
    ssl_session_tickets off;
    location / { return 200 "${"x".repeat(REPLY_BYTES)}"; }
  }
}
`,
  );
  return startOnLoadCore("TLS origin", [inPath("nginx")!, "-e", join(directory, "tls_origin.log"), "-c", file]);
}
