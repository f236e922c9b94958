import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createConnection } from "node:net";
import { until } from "../support/deadline.ts";
import { freePort } from "../support/ports.ts";
import { Program, run } from "../support/program.ts";
import { peers } from "./peer.ts";
import { type SecureFiles, type SecureSite, secureFiles, startSecure } from "./secure_site.ts";

setDefaultTimeout(60_000);

const CASES = [
  "empty_unary",
  "large_unary",
  "client_streaming",
  "server_streaming",
  "ping_pong",
  "empty_stream",
  "custom_metadata",
  "status_code_and_message",
  "special_status_message",
  "unimplemented_method",
  "unimplemented_service",
  "cancel_after_begin",
  "cancel_after_first_response",
  "timeout_on_sleeping_server",
];
/** Each listener with its cluster: all pairs of TLS and cleartext. */
const WAYS = ["tls-h2c", "tls-h2", "plain-h2c", "plain-h2"];

const built = await peers("grpc-client", "grpc-server");

if (built === null) test.skip("gRPC interop: what builds it is not there", () => {});
else {
  const [client, server] = built as [string, string];
  let files: SecureFiles;
  let site: SecureSite;
  const servers: Program[] = [];

  beforeAll(async () => {
    files = secureFiles();
    const [plain, secure] = await Promise.all([freePort(), freePort()]);
    servers.push(new Program([server, "-addr", `127.0.0.1:${plain}`]));
    servers.push(new Program([server, "-addr", `127.0.0.1:${secure}`, "-cert", files.cert, "-key", files.key]));
    for (const port of [plain, secure]) await until(`a server at ${port}`, () => listens(port), 15_000);
    site = await startSecure(files, WAYS, {
      routes: WAYS.map((name) => ({ listeners: name, to: name.endsWith("h2c") ? "plain" : "secure" })),
      clusters: {
        plain: { endpoints: [`127.0.0.1:${plain}`], protocol: "h2c" },
        secure: { endpoints: [`127.0.0.1:${secure}`], protocol: "h2", tls: { ca: files.ca, serverName: "localhost" } },
      },
    });
  });
  afterAll(async () => {
    await site.weir.kill();
    for (const program of servers) await program.kill();
  });

  describe.each(WAYS)("gRPC interop, %s", (way) => {
    test.each(CASES)("%s", async (name) => {
      const port = String(site.ports.get(way));
      const tls = ["-use_tls", "-use_test_ca", "-ca_file", files.ca, "-server_host_override", "localhost"];
      const words = [client, "-server_host", "127.0.0.1", "-server_port", port, "-test_case", name];
      const ran = await run([...words, ...(way.startsWith("tls") ? tls : [])], { ms: 45_000 });
      expect(ran.code, ran.stderr).toBe(0);
    });
  });

  test("nothing is left behind, and no callback threw", async () => {
    for (const cluster of ["plain", "secure"])
      await until(
        "no request to be active",
        async () => (await site.weir.metric("weir_cluster_requests_active", { cluster })) === 0,
      );
    expect(await site.weir.metric("weir_callback_throws_total")).toBe(0);
  });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    const answer = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once("connect", () => answer(true));
    socket.once("error", () => answer(false));
  });
}
