import { expect } from "bun:test";
import { derOf } from "../../support/certificates.ts";
import type { Case } from "./subject.ts";
import {
  clientOptions,
  closeBoth,
  codeOf,
  dialed,
  dialTls,
  failedHandshake,
  identities,
  NAME,
  SecureServer,
  securePair,
  serverOptions,
  tlsOf,
} from "./tls_support.ts";

/** A check that knows one authority by the bytes of its certificate alone: enough to see that it is asked. */
function seen(chains: (readonly Uint8Array[])[], verdict: string | null): (chain: readonly Uint8Array[]) => string | null {
  return (chain) => {
    chains.push(chain);
    return verdict;
  };
}

/** Who is let in, on both sides. */
export const tlsTrustCases: readonly Case[] = [
  [
    "TLS: verifyPeer gets the client's chain, leaf first, and decides",
    async ({ p }) => {
      const { client: id, root } = identities();
      for (const clientAuth of ["request", "require"] as const) {
        const chains: (readonly Uint8Array[])[] = [];
        const good = await SecureServer.open(p, { clientAuth, clientCa: root.cert, verifyPeer: seen(chains, null) });
        const { client, remote } = await securePair(p, good, { cert: id.chain, key: id.key });
        const chain = remote.conn.tls!.peerChain;
        expect(chains).toEqual([[...chain]]);
        expect(Buffer.compare(chain[0]!, id.der)).toBe(0);
        expect(Buffer.compare(chain[1]!, derOf(id.chain.slice(id.cert.length)))).toBe(0);
        await closeBoth(client, remote);
        // Still there when the connection is gone.
        expect(remote.conn.tls!.peerChain.length).toBe(chain.length);
        await good.close();
        const bad = await SecureServer.open(p, { clientAuth, clientCa: root.cert, verifyPeer: seen(chains, "revoked") });
        const failed = await failedHandshake(p, bad, dialTls(p, { cert: id.chain, key: id.key }));
        expect(failed.remote.cause?.message).toContain("revoked");
        await bad.close();
      }
    },
  ],
  [
    "TLS: a client without a certificate passes `request` and fails `require`",
    async ({ p }) => {
      const { root } = identities();
      const chains: (readonly Uint8Array[])[] = [];
      const asked = await SecureServer.open(p, { clientAuth: "request", clientCa: root.cert, verifyPeer: seen(chains, "no") });
      const { client, remote } = await securePair(p, asked);
      expect([remote.conn.tls?.peerChain, chains]).toEqual([[], []]);
      await closeBoth(client, remote);
      await asked.close();
      for (const clientCa of [root.cert, null]) {
        const required = await SecureServer.open(p, { clientAuth: "require", clientCa, verifyPeer: seen(chains, null) });
        for (const maxVersion of ["1.2", "1.3"] as const) await failedHandshake(p, required, dialTls(p, { maxVersion }));
        await required.close();
      }
      expect(chains).toEqual([]);
    },
  ],
  [
    "TLS: without clientAuth no certificate is asked for",
    async ({ p }) => {
      const { client: id } = identities();
      const server = await SecureServer.open(p);
      const { client, remote } = await securePair(p, server, { cert: id.chain, key: id.key });
      expect(remote.conn.tls?.peerChain).toEqual([]);
      await closeBoth(client, remote);
      await server.close();
    },
  ],
  [
    "TLS: a client's verifyPeer gets the server's chain and stands for the check of the name",
    async ({ p }) => {
      const { server: id } = identities();
      const server = await SecureServer.open(p);
      const chains: (readonly Uint8Array[])[] = [];
      const client = await dialed(p, server.address, dialTls(p, { verifyPeer: seen(chains, null) }, "another.test"));
      const remote = await server.accept();
      await Promise.all([client.until(() => client.events.length > 0), remote.until(() => remote.secured)]);
      expect(client.events).toEqual(["open"]);
      expect(remote.conn.tls?.serverName).toBe("another.test");
      expect(chains.length).toBe(1);
      expect(Buffer.compare(chains[0]![0]!, id.der)).toBe(0);
      expect(chains[0]!.length).toBeGreaterThan(1);
      expect(client.conn.tls!.peerChain.length).toBe(chains[0]!.length);
      await closeBoth(client, remote);
      const refused = await dialed(p, server.address, dialTls(p, { verifyPeer: seen(chains, "not this one") }));
      const other = await server.accept();
      await refused.until(() => refused.closed);
      expect(refused.events).toEqual(["close"]);
      expect(refused.cause?.facts).toMatchObject({ code: "tlsHandshake", side: "upstream", retry: "always", status: 503 });
      expect(refused.cause?.message).toContain("not this one");
      await other.until(() => other.ended || other.closed);
      other.call((c) => c.destroy(null));
      await server.close();
    },
  ],
  [
    "TLS: without a verifyPeer the runtime's check of a client's certificate holds",
    async ({ p }) => {
      const { client: good, stranger, root } = identities();
      const server = await SecureServer.open(p, { clientAuth: "require", clientCa: root.cert });
      const { client, remote } = await securePair(p, server, { cert: good.chain, key: good.key });
      expect(remote.conn.tls!.peerChain.length).toBeGreaterThan(1);
      await closeBoth(client, remote);
      for (const maxVersion of ["1.2", "1.3"] as const) {
        await failedHandshake(p, server, dialTls(p, { cert: stranger.chain, key: stranger.key, maxVersion }));
        await failedHandshake(p, server, dialTls(p, { maxVersion }));
      }
      const asked = await SecureServer.open(p, { clientAuth: "request", clientCa: root.cert });
      await failedHandshake(p, asked, dialTls(p, { cert: stranger.chain, key: stranger.key }));
      await asked.close();
      await server.close();
    },
  ],
  [
    "TLS: where the runtime's check of clients can be got around, one of Weir's own is asked for",
    async ({ p }) => {
      const clientCa = identities().root.cert;
      expect(codeOf(() => tlsOf(p).serverContext(serverOptions({ clientAuth: "require", clientCa })))).toBe("internal");
      expect(codeOf(() => tlsOf(p).serverContext(serverOptions({ clientAuth: "request", clientCa })))).toBe("internal");
      expect(
        codeOf(() => tlsOf(p).serverContext(serverOptions({ clientAuth: "require", clientCa, verifyPeer: () => null }))),
      ).toBe("");
    },
  ],
  [
    "TLS: a server's name is checked, wildcards and addresses included",
    async ({ p }) => {
      const server = await SecureServer.open(p);
      const cases: readonly [name: string, good: boolean, sent: string][] = [
        [NAME, true, NAME],
        ["x.wild.test", true, "x.wild.test"],
        ["x.y.wild.test", false, ""],
        ["wild.test", false, ""],
        ["b.test", false, ""],
        ["127.0.0.1", true, ""],
        ["", true, ""],
        ["127.0.0.2", false, ""],
        ["::1", false, ""],
      ];
      for (const [name, good, sent] of cases) {
        const client = await dialed(p, server.address, dialTls(p, {}, name));
        const remote = await server.accept();
        await client.until(() => client.events.length > 0);
        expect([name, client.events]).toEqual([name, good ? ["open"] : ["close"]]);
        await remote.until(() => remote.events.length > 0);
        if (good) {
          expect(remote.conn.tls?.serverName).toBe(sent);
          await closeBoth(client, remote);
        } else {
          expect(client.cause?.facts.code).toBe("tlsHandshake");
          await remote.until(() => remote.ended || remote.closed);
          remote.call((c) => c.destroy(null));
        }
      }
      await server.close();
    },
  ],
  [
    "TLS: a server's chain is checked, unless that is given up by name",
    async ({ p }) => {
      const { otherRoot } = identities();
      const server = await SecureServer.open(p);
      for (const maxVersion of ["1.2", "1.3"] as const) {
        for (const ca of [otherRoot.cert, null]) {
          for (const verifyPeer of [null, () => null]) {
            const client = await dialed(p, server.address, dialTls(p, { ca, verifyPeer, maxVersion }));
            const remote = await server.accept();
            await client.until(() => client.events.length > 0);
            expect(client.events).toEqual(["close"]);
            expect(client.cause?.facts.code).toBe("tlsHandshake");
            await remote.until(() => remote.ended || remote.closed);
            remote.call((c) => c.destroy(null));
          }
          const { client, remote } = await securePair(p, server, { ca, insecureSkipVerify: true, maxVersion });
          await closeBoth(client, remote);
        }
      }
      // Weir's own check is asked even then.
      const client = await dialed(p, server.address, dialTls(p, { insecureSkipVerify: true, verifyPeer: () => "no" }));
      await client.until(() => client.closed);
      expect(client.events).toEqual(["close"]);
      (await server.accept()).call((c) => c.destroy(null));
      await server.close();
    },
  ],
  [
    "TLS: each connection gets the certificate of its context, and open ones outlive it",
    async ({ p }) => {
      const { server: first, renewed, rsa } = identities();
      const server = await SecureServer.open(p);
      const old = await securePair(p, server);
      for (const id of [renewed, rsa, first, renewed]) {
        server.context = tlsOf(p).serverContext(serverOptions({ cert: id.chain, key: id.key }));
        const { client, remote } = await securePair(p, server);
        expect(Buffer.compare(client.conn.tls!.peerChain[0]!, id.der)).toBe(0);
        await closeBoth(client, remote);
      }
      old.client.write("still here");
      await old.remote.until(() => old.remote.bytes === 10);
      await closeBoth(old.client, old.remote);
      await server.close();
    },
  ],
  [
    "TLS: certificates and keys that can't be used are refused when the context is made",
    async ({ p }) => {
      const { server, rsa, client, root } = identities();
      const cert = server.chain;
      const { key } = server;
      const refused: Partial<Parameters<typeof serverOptions>[0]>[] = [
        { cert, key: rsa.key },
        { cert, key: client.key },
        { cert: rsa.chain, key },
        { cert, key: "junk" },
        { cert: "junk", key },
        { cert: "", key },
        { cert: key, key },
        { cert, key, clientAuth: "require", clientCa: "junk", verifyPeer: () => null },
        { cert, key, clientAuth: "require" },
        { cert, key, minVersion: "1.3", maxVersion: "1.2" },
        { cert, key, alpn: [""] },
        { cert, key, alpn: ["x".repeat(256)] },
      ];
      for (const o of refused) expect(codeOf(() => tlsOf(p).serverContext(serverOptions(o)))).toBe("internal");
      for (const o of [
        { cert, key },
        { cert: rsa.chain, key: rsa.key },
      ]) {
        expect(codeOf(() => tlsOf(p).serverContext(serverOptions(o)))).toBe("");
      }
      for (const o of [{ ca: "junk" }, { cert, key: rsa.key }, { cert, key: null }, { cert: null, key }]) {
        expect(codeOf(() => tlsOf(p).clientContext(clientOptions(o)))).toBe("internal");
      }
      expect(codeOf(() => tlsOf(p).clientContext(clientOptions({ ca: root.cert, cert, key })))).toBe("");
    },
  ],
  [
    "TLS: lists of ciphers and curves are kept, or refused",
    async ({ p }) => {
      const tls = tlsOf(p);
      const suite = "ECDHE-ECDSA-AES128-GCM-SHA256";
      if (!tls.can.ciphers || !tls.can.curves) {
        expect(codeOf(() => tls.serverContext(serverOptions({ ciphers: suite })))).toBe("internal");
        expect(codeOf(() => tls.serverContext(serverOptions({ curves: "P-256" })))).toBe("internal");
        return;
      }
      const server = await SecureServer.open(p, { ciphers: suite, curves: "P-256" });
      const { client, remote } = await securePair(p, server, { maxVersion: "1.2" });
      expect([remote.conn.tls?.cipher, client.conn.tls?.cipher]).toEqual([suite, suite]);
      await closeBoth(client, remote);
      // A list of 1.2 does not turn 1.3 off.
      const modern = await securePair(p, server);
      expect(modern.remote.conn.tls?.version).toBe("1.3");
      await closeBoth(modern.client, modern.remote);
      await failedHandshake(p, server, dialTls(p, { maxVersion: "1.2", ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384" }));
      await failedHandshake(p, server, dialTls(p, { curves: "P-384" }));
      expect(codeOf(() => tls.serverContext(serverOptions({ ciphers: "NO-SUCH-SUITE" })))).toBe("internal");
      expect(codeOf(() => tls.serverContext(serverOptions({ curves: "no-such-curve" })))).toBe("internal");
      await server.close();
    },
  ],
];
