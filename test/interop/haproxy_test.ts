import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { until } from "../support/deadline.ts";
import { type Listeners, startListeners } from "../support/listeners.ts";
import { freePort } from "../support/ports.ts";
import { Program } from "../support/program.ts";
import { openClient } from "../support/raw_client.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { Pki } from "../support/tls_pki.ts";

setDefaultTimeout(60_000);

/** Where clients come from: another address than HAProxy's own. */
const CLIENT = "127.0.0.3";
/** HAProxy's ports: those whose name begins with `to` send a header to Weir, the others read one and say what it told. */
const PORTS = ["toV1", "toV2", "toV2Tls", "toRelay", "toChecked", "sink", "sinkTls"] as const;
type PortName = (typeof PORTS)[number];

function haproxyConfig(port: Readonly<Record<PortName, number>>, weir: Readonly<Record<string, number>>, cert: string): string {
  const server = (listener: string, how: string): string => `  server weir 127.0.0.1:${weir[listener]} ${how}`;
  const told = "src=%[src] port=%[src_port] dst=%[dst_port] id=%[fc_pp_unique_id] name=%[fc_pp_authority] sni=%[ssl_fc_sni]\\n";
  const sink = ["  mode http", `  http-request return status 200 content-type text/plain lf-string "${told}"`];
  return [
    "global",
    "  maxconn 200",
    "  nbthread 1",
    "defaults",
    "  mode tcp",
    "  timeout connect 5s",
    "  timeout client 20s",
    "  timeout server 20s",
    "  unique-id-format id-%ci-%cp",
    "listen v1",
    `  bind 127.0.0.1:${port.toV1}`,
    server("web", "send-proxy"),
    "listen v2",
    `  bind 127.0.0.1:${port.toV2}`,
    server("web", "send-proxy-v2 proxy-v2-options crc32c,unique-id"),
    "listen v2tls",
    `  bind 127.0.0.1:${port.toV2Tls} ssl crt ${cert}`,
    server("relay", "send-proxy-v2-ssl-cn proxy-v2-options authority,crc32c,ssl-cipher,cert-sig"),
    "listen relay",
    `  bind 127.0.0.1:${port.toRelay}`,
    server("relay", "send-proxy-v2 proxy-v2-options crc32c,unique-id"),
    "listen checked",
    `  bind 127.0.0.1:${port.toChecked}`,
    "  option httpchk GET /check",
    "  http-check send hdr Host site.example",
    server("checked", "send-proxy-v2 check check-send-proxy inter 200ms"),
    "listen sink",
    `  bind 127.0.0.1:${port.sink} accept-proxy`,
    ...sink,
    "listen sinkTls",
    `  bind 127.0.0.1:${port.sinkTls} accept-proxy ssl crt ${cert} alpn h2,http/1.1`,
    ...sink,
    "",
  ].join("\n");
}

if (Bun.which("haproxy") === null) {
  console.warn("skipped: what needs haproxy: install it (apt-get install haproxy)");
  test.skip("haproxy: there is none in PATH", () => {});
} else {
  const pki = new Pki();
  const port = {} as Record<PortName, number>;
  let w: Listeners;
  let haproxy: Program;

  beforeAll(async () => {
    for (const name of PORTS) port[name] = await freePort();
    const pair = pki.server("site", ["site.example"]);
    const both = pki.write("both.pem", readFileSync(pair.cert, "utf8") + readFileSync(pair.key, "utf8"));
    const proxyProtocol = { from: ["loopback"] };
    const sink = { endpoints: [`127.0.0.1:${port.sink}`] };
    const tls = { ca: pki.ca, serverName: "site.example" };
    w = await startListeners(
      {
        web: { proxyProtocol },
        checked: { proxyProtocol },
        relay: { protocol: "tcp", proxyProtocol, to: "v2" },
        out: {},
        outTls: { tls: { certificates: [pair] } },
      },
      {
        routes: [
          { match: [{ path: "/v1" }], to: "v1" },
          { match: [{ path: "/v2" }], to: "v2" },
          { match: [{ path: "/h2" }], to: "h2" },
          { match: [{ path: "/tls" }], to: "tls" },
          { to: "origin" },
        ],
        clusters: {
          v1: { ...sink, proxyProtocol: "v1" },
          v2: { ...sink, proxyProtocol: { version: "v2", checksum: true } },
          h2: { endpoints: [`127.0.0.1:${port.sinkTls}`], tls, proxyProtocol: "v2" },
          tls: { endpoints: [`127.0.0.1:${port.sinkTls}`], tls, proxyProtocol: "v1", protocol: "http1" },
        },
      },
    );
    const config = pki.write("haproxy.cfg", haproxyConfig(port, w.port, both));
    haproxy = new Program(["haproxy", "-db", "-f", config], {});
    await until("haproxy to listen", async () => {
      try {
        (await openClient(port.sinkTls)).destroy();
        return true;
      } catch {
        return haproxy.exit !== null;
      }
    });
    if (haproxy.exit !== null) throw new Error(`haproxy ended: ${haproxy.stderr}`);
  });
  afterAll(async () => {
    await haproxy.kill();
    await w[Symbol.asyncDispose]();
    pki[Symbol.dispose]();
  });

  const open = (to: number): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const s = connect({ port: to, host: "127.0.0.1", localAddress: CLIENT });
      s.once("error", reject).once("connect", () => resolve(s));
    });

  /** The reply's body, and the client's own port. */
  const ask = async (peer: RawPeer, path: string): Promise<string> => {
    await peer.send(`GET ${path} HTTP/1.1\r\nHost: site.example\r\n\r\n`);
    return (await peer.response()).body;
  };

  describe("HAProxy in front", () => {
    for (const [name, to] of [
      ["send-proxy", "toV1"],
      ["send-proxy-v2 with a sum and an identifier", "toV2"],
    ] as const)
      test(`${name} names the client`, async () => {
        using peer = new RawPeer(await open(port[to]));
        expect(await ask(peer, `/${to}`)).toMatch(/^x-forwarded-for: 127\.0\.0\.3\r$/im);
      });

    test("health checks over LOCAL are Weir's neighbours, and no faults", async () => {
      const own = (): Promise<number> =>
        w.site.weir.metric("weir_listener_proxy_headers_total", { listener: "checked", outcome: "own" });
      await until("a few checks", async () => (await own()) > 3);
      expect(await w.site.weir.metric("weir_listener_proxy_headers_total", { listener: "checked", outcome: "refused" })).toBe(0);
    });
  });

  describe("HAProxy behind", () => {
    for (const path of ["/v1", "/v2", "/h2", "/tls"])
      test(`accept-proxy reads what a cluster sends: ${path.slice(1)}`, async () => {
        const socket = await open(w.port["out"]!);
        using peer = new RawPeer(socket);
        const told = await ask(peer, path);
        expect(told).toContain(`src=${CLIENT} port=${socket.localPort} dst=${w.port["out"]} `);
        // The same connection is of the same client.
        expect(await ask(peer, path)).toBe(told);
      });

    test("is told the name of a client's TLS", async () => {
      const socket = connectTls({
        socket: await open(w.port["outTls"]!),
        servername: "site.example",
        rejectUnauthorized: false,
        ALPNProtocols: ["http/1.1"],
      });
      await new Promise<void>((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
      using peer = new RawPeer(socket);
      expect(await ask(peer, "/v2")).toContain(`src=${CLIENT} `);
      expect(await ask(peer, "/v2")).toContain(" name=site.example ");
      expect(await ask(peer, "/v1")).toContain(" name= ");
    });
  });

  describe("HAProxy in front and behind", () => {
    test("what the first one told of an identifier reaches the second", async () => {
      const socket = await open(port.toRelay);
      using peer = new RawPeer(socket);
      const id = `id-${CLIENT}-${socket.localPort}`;
      expect(await ask(peer, "/")).toContain(`src=${CLIENT} port=${socket.localPort} dst=${port.toRelay} id=${id} `);
    });

    test("what it told of TLS passes as well", async () => {
      const socket = connectTls({ socket: await open(port.toV2Tls), servername: "site.example", rejectUnauthorized: false });
      await new Promise<void>((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
      using peer = new RawPeer(socket);
      expect(await ask(peer, "/")).toMatch(new RegExp(`src=${CLIENT} .* name=site\\.example `));
    });
  });
}
