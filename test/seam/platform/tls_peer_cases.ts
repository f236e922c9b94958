import { expect } from "bun:test";
import { createHash, X509Certificate } from "node:crypto";
import { readdirSync } from "node:fs";
import type { Platform } from "../../../src/platform/types.ts";
import type { Identity } from "../../support/certificates.ts";
import { barrier, dial, type Peer, pattern } from "./peer.ts";
import type { Case } from "./subject.ts";
import { node, Program, sClient, withFiles } from "./tls_programs.ts";
import { dialed, dialTls, identities, NAME, SecureServer, serverOptions, tlsOf } from "./tls_support.ts";

const MIB = 1024 * 1024;

/** Gives back what comes, and ends with the client. */
function echoes(peer: Peer): void {
  peer.onBytes = (b) => {
    if (!peer.conn.write([b])) peer.conn.pause();
    peer.chunks.length = 0;
  };
  void peer.until(() => peer.ended || peer.closed).then(() => peer.conn.end());
  const drained = async (): Promise<void> => {
    for (let seen = 0; !peer.closed; ) {
      await peer.until(() => peer.drains > seen || peer.closed);
      seen = peer.drains;
      peer.conn.resume();
    }
  };
  void drained();
}

/** A check of a client's chain: one of it is signed by the authority. */
function signedBy(authority: Identity): (chain: readonly Uint8Array[]) => string | null {
  const { publicKey } = new X509Certificate(authority.cert);
  return (chain) => (chain.some((der) => new X509Certificate(der).verify(publicKey)) ? null : "another authority");
}

/** One connection of `s_client` that says something and hears it again; whether it did. */
async function asked(server: SecureServer, args: readonly string[]): Promise<boolean> {
  const program = sClient(server.port, ["-servername", NAME, ...args]);
  const remote = await server.accept();
  echoes(remote);
  program.say("hello\n");
  await Promise.race([program.says("hello").catch(() => {}), program.ended()]);
  program.endInput();
  await Promise.all([program.ended(), remote.until(() => remote.closed)]);
  return program.out.includes("hello");
}

/** Descriptors in use, once no more than `most` are or the loop has had many turns. */
async function descriptors(p: Platform, most: number): Promise<number> {
  let used = 0;
  for (let i = 0; i < 100; i++) {
    await barrier(p);
    used = readdirSync("/proc/self/fd").length;
    if (used <= most) break;
  }
  return used;
}

/** Against other programs' TLS. */
export const tlsPeerCases: readonly Case[] = [
  [
    "TLS with openssl's client: chain, name, protocol and both kinds of key",
    async ({ p }) => {
      await withFiles(async (files) => {
        const { root, rsa, server: ecdsa } = identities();
        for (const id of [ecdsa, rsa]) {
          for (const version of ["-tls1_2", "-tls1_3"]) {
            const server = await SecureServer.open(p, { cert: id.chain, key: id.key, alpn: ["h2"] });
            const strict = ["-verify_return_error", "-verify_hostname", NAME, ...files.authority(root)];
            const program = sClient(server.port, [version, "-servername", NAME, "-alpn", "h2", ...strict]);
            const remote = await server.accept();
            program.say("question");
            await remote.until(() => remote.bytes === 8 || remote.closed);
            expect(remote.text()).toBe("question");
            expect(remote.conn.tls).toMatchObject({
              version: version === "-tls1_2" ? "1.2" : "1.3",
              alpn: "h2",
              serverName: NAME,
            });
            remote.write("answer");
            await program.says("answer");
            remote.call((c) => c.end());
            await program.ended();
            await remote.until(() => remote.closed);
            await server.close();
          }
        }
      });
    },
  ],
  [
    "TLS with openssl's server: a dial with a client's certificate",
    async ({ p }) => {
      await withFiles(async (files) => {
        const { root, server: id, client: own } = identities();
        const program = new Program("openssl", [
          ...["s_server", "-accept", "127.0.0.1:0", "-rev", "-Verify", "3", "-verify_return_error", "-alpn", "h2"],
          ...files.identity(id),
          ...files.authority(root),
        ]);
        const port = Number((await program.says(/ACCEPT .*:(\d+)/))[1]);
        for (const maxVersion of ["1.2", "1.3"] as const) {
          const options = dialTls(p, { cert: own.chain, key: own.key, alpn: ["h2"], maxVersion });
          const client = await dial(p, { kind: "tcp", host: "127.0.0.1", port }, options);
          expect(client.conn.tls).toMatchObject({ version: maxVersion, alpn: "h2" });
          client.write("desserts\n");
          await client.until(() => client.bytes >= 9 || client.closed);
          expect(client.text()).toBe("stressed\n");
          client.call((c) => c.destroy(null));
          await client.until(() => client.closed);
        }
        program.kill();
        await program.ended();
      });
    },
  ],
  [
    "TLS with openssl's client: a session does not get past a demand for certificates",
    async ({ p }) => {
      await withFiles(async (files) => {
        const { root, otherRoot, client: id } = identities();
        const context = (authority: Identity | null) =>
          tlsOf(p).serverContext(
            serverOptions(
              authority === null ? {} : { clientAuth: "require", clientCa: authority.cert, verifyPeer: signedBy(authority) },
            ),
          );
        for (const version of ["-tls1_2", "-tls1_3"]) {
          const session = files.path(`session${version}`);
          const own = files.identity(id);
          const server = await SecureServer.open(p);
          const listener = await SecureServer.open(p);
          const open = context(null);
          const first = context(root);
          const second = context(otherRoot);
          // The session of a listener that asks for nothing.
          server.context = open;
          expect(await asked(server, [version, "-sess_out", session])).toBe(true);
          listener.context = first;
          expect(await asked(listener, [version, "-sess_in", session])).toBe(false);
          server.context = first;
          expect(await asked(server, [version, "-sess_in", session])).toBe(false);
          // The session of a client whose authority another listener does not know.
          expect(await asked(server, [version, "-sess_out", session, ...own])).toBe(true);
          listener.context = second;
          expect(await asked(listener, [version, "-sess_in", session, ...own])).toBe(false);
          expect(await asked(listener, [version, "-sess_in", session])).toBe(false);
          // The session of a client whose authority has been taken out of the list since.
          server.context = second;
          expect(await asked(server, [version, "-sess_in", session, ...own])).toBe(false);
          expect(await asked(server, [version, "-sess_in", session])).toBe(false);
          // And one that is in order.
          server.context = first;
          expect(await asked(server, [version, "-sess_in", session, ...own])).toBe(true);
          await server.close();
          await listener.close();
        }
      });
    },
  ],
  [
    "TLS with openssl's client: a session is resumed by the context that gave it",
    async ({ p }) => {
      await withFiles(async (files) => {
        const server = await SecureServer.open(p);
        for (const version of ["-tls1_2", "-tls1_3"]) {
          const session = files.path(`session${version}`);
          const resumed: (boolean | null)[] = [];
          for (const how of ["-sess_out", "-sess_in"]) {
            const program = sClient(server.port, [version, "-servername", NAME, how, session]);
            const remote = await server.accept();
            await remote.until(() => remote.secured || remote.closed);
            resumed.push(remote.conn.tls?.resumed ?? null);
            remote.write("hello");
            await program.says("hello");
            remote.call((c) => c.end());
            await Promise.all([program.ended(), remote.until(() => remote.closed)]);
          }
          expect(resumed).toEqual([false, true]);
        }
        await server.close();
      });
    },
  ],
  [
    "TLS with openssl's client: the authorities of clients are named where that can be had, and are never sent as certificates",
    async ({ p }) => {
      const { otherRoot, root } = identities();
      // Of its own chain's authority, too, as the chain does not end with its leaf.
      for (const { cert: clientCa } of [otherRoot, root]) {
        const server = await SecureServer.open(p, { clientAuth: "request", clientCa, verifyPeer: () => null });
        const program = new Program("openssl", ["s_client", "-connect", `127.0.0.1:${server.port}`, "-showcerts"]);
        const remote = await server.accept();
        await remote.until(() => remote.secured || remote.closed);
        await program.says("SSL handshake has read");
        // The server's own and its intermediate.
        expect(program.out.match(/BEGIN CERTIFICATE/g)?.length).toBe(2);
        expect(program.out.includes("Acceptable client certificate CA names")).toBe(tlsOf(p).can.clientCaNames);
        program.endInput();
        remote.call((c) => c.end());
        await Promise.all([program.ended(), remote.until(() => remote.closed)]);
        await server.close();
      }
    },
  ],
  [
    "TLS with Node's client: 32 MiB there and back, and a half-close",
    async ({ p }) => {
      const server = await SecureServer.open(p);
      const program = node(
        `const s = tls.connect({ port: a.port, host: "127.0.0.1", ca: a.ca, servername: a.name, allowHalfOpen: true });
         const h = require("crypto").createHash("sha256"); let n = 0;
         s.on("secureConnect", () => { const b = Buffer.alloc(1 << 20);
           for (let i = 0; i < 32; i++) { b.fill(i); s.write(Buffer.from(b)); } s.end(); });
         s.on("data", (b) => { h.update(b); n += b.length; }); s.on("end", () => console.log(n, h.digest("hex"), "."));
         s.on("error", (e) => console.log(e.code));`,
        { port: server.port, ca: identities().root.cert, name: NAME },
      );
      const remote = await server.accept();
      echoes(remote);
      const hash = createHash("sha256");
      for (let i = 0; i < 32; i++) hash.update(new Uint8Array(MIB).fill(i));
      await program.says(`${32 * MIB} ${hash.digest("hex")} .`);
      await Promise.all([program.ended(), remote.until(() => remote.closed)]);
      expect(remote.cause).toBe(null);
      await server.close();
    },
  ],
  [
    "TLS with Node's client: a paused reader holds it back",
    async ({ p }) => {
      const server = await SecureServer.open(p);
      const program = node(
        `const s = tls.connect({ port: a.port, host: "127.0.0.1", ca: a.ca, servername: a.name });
         const b = Buffer.alloc(1 << 20); let n = 0;
         const go = () => { while (n < 256) { n++; if (!s.write(b, () => console.log("sent"))) { s.once("drain", go); return; } } s.end(); };
         s.on("secureConnect", go); s.on("error", (e) => console.log(e.code));`,
        { port: server.port, ca: identities().root.cert, name: NAME },
      );
      const remote = await server.accept();
      remote.onInfo = () => remote.conn.pause();
      await remote.until(() => remote.secured);
      const before = process.memoryUsage().rss;
      await program.says("sent");
      for (let last = -1; last !== program.out.length; ) {
        last = program.out.length;
        for (let i = 0; i < 32; i++) await barrier(p);
      }
      expect(program.out.length / 5).toBeLessThan(32);
      expect(process.memoryUsage().rss - before).toBeLessThan(64 * MIB);
      remote.onBytes = () => remote.chunks.splice(0);
      remote.call((c) => c.resume());
      await remote.until(() => remote.ended);
      expect(remote.bytes).toBe(256 * MIB);
      remote.call((c) => c.end());
      await Promise.all([program.ended(), remote.until(() => remote.closed)]);
      await server.close();
    },
  ],
  [
    "TLS with Node's client: a reset, and an end that TLS did not announce",
    async ({ p }) => {
      const server = await SecureServer.open(p);
      for (const how of ["resetAndDestroy", "end"]) {
        const program = node(
          `const raw = net.connect(a.port, "127.0.0.1", () => {
             const s = tls.connect({ socket: raw, ca: a.ca, servername: a.name }); s.on("error", () => {});
             s.on("secureConnect", () => s.write("ready")); s.on("data", () => { require("fs"); raw[a.how](); }); });
           raw.on("error", () => {}); raw.on("close", () => process.exit());`,
          { port: server.port, ca: identities().root.cert, name: NAME, how: how === "end" ? "destroy" : how },
        );
        const remote = await server.accept();
        await remote.until(() => remote.bytes === 5);
        remote.write("go");
        await remote.until(() => remote.ended || remote.closed);
        if (!remote.closed) remote.call((c) => c.end());
        await Promise.all([program.ended(), remote.until(() => remote.closed)]);
        expect(remote.cause?.facts.code ?? null).toBe(how === "end" ? null : "clientReset");
      }
      await server.close();
    },
  ],
  [
    "TLS with Node's server: a dial, and every way in which a server can turn out to be none",
    async ({ p }) => {
      const { root, server: id } = identities();
      const program = node(
        `tls.createServer({ cert: a.cert, key: a.key, ALPNProtocols: ["h2"], minVersion: "TLSv1.2" }, (s) => {
           s.on("error", () => {}); s.on("data", (b) => s.end(b)); })
           .on("tlsClientError", () => {}).listen(0, "127.0.0.1", function () { console.log("tls", this.address().port, "."); });
         net.createServer((s) => { s.on("error", () => {}); s.end("HTTP/1.1 400 Bad Request\\r\\n\\r\\n"); })
           .listen(0, "127.0.0.1", function () { console.log("plain", this.address().port, "."); });
         net.createServer((s) => { s.on("error", () => {}); s.once("data", () => s.resetAndDestroy()); })
           .listen(0, "127.0.0.1", function () { console.log("reset", this.address().port, "."); });`,
        { cert: id.chain, key: id.key },
      );
      const port = async (of: string): Promise<number> => Number((await program.says(new RegExp(`${of} (\\d+) `)))[1]);
      const at = (n: number) => ({ kind: "tcp", host: "127.0.0.1", port: n }) as const;
      const client = await dial(p, at(await port("tls")), dialTls(p, { ca: root.cert, alpn: ["h2"] }));
      const bytes = pattern(MIB);
      client.write(bytes.slice(0, 1000));
      await client.until(() => client.ended);
      expect(client.bytes).toBe(1000);
      client.call((c) => c.end());
      await client.until(() => client.closed);
      expect([client.cause, client.broken]).toEqual([null, ""]);
      for (const of of ["plain", "reset"]) {
        const failed = await dialed(p, at(await port(of)), dialTls(p));
        await failed.until(() => failed.closed);
        expect([of, failed.events, failed.cause?.facts.code]).toEqual([of, ["close"], "tlsHandshake"]);
      }
      const other = await dialed(p, at(await port("tls")), dialTls(p, { alpn: ["http/1.1"] }));
      await other.until(() => other.closed);
      expect([other.events, other.cause?.facts.code]).toEqual([["close"], "tlsHandshake"]);
      program.kill();
      await program.ended();
    },
  ],
  [
    "TLS: a hundred handshakes that fail leave no descriptor open",
    async ({ p }) => {
      const { root } = identities();
      const server = await SecureServer.open(p, {
        clientAuth: "require",
        clientCa: root.cert,
        verifyPeer: signedBy(root),
        alpn: ["h2"],
      });
      await barrier(p);
      const before = readdirSync("/proc/self/fd").length;
      for (let i = 0; i < 20; i++) {
        const peers: Peer[] = [];
        for (const bytes of ["GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00\x01", "\x16"]) {
          const client = await dial(p, server.address);
          client.write(Buffer.from(bytes, "latin1"));
          if (bytes !== "\x16") client.call((c) => c.end());
          else client.call((c) => c.reset());
          peers.push(client);
        }
        peers.push(await dialed(p, server.address, dialTls(p, { alpn: ["h2"] })));
        peers.push(await dialed(p, server.address, dialTls(p, { alpn: ["http/1.1"] })));
        for (let k = 0; k < 5; k++) {
          const remote = await server.accept();
          await remote.until(() => remote.closed);
          expect(remote.cause?.facts.code).toBe("tlsHandshake");
        }
        for (const c of peers) {
          await c.until(() => c.ended || c.closed);
          if (!c.closed) c.call((conn) => conn.destroy(null));
        }
      }
      expect(await descriptors(p, before)).toBeLessThanOrEqual(before);
      await server.close();
    },
  ],
];
