import { describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { checkClientOptions, checkServerOptions, pemToDer, wireAlpn } from "../../../src/platform/tls_checks.ts";
import { clientOptions, identities, serverOptions } from "../../seam/platform/tls_support.ts";

const ALL = { lists: true, clientAuth: true };
const NONE = { lists: false, clientAuth: false };

describe("what is asked of TLS", () => {
  test("protocols go with their lengths before them (RFC 7301 section 3.1)", () => {
    expect(wireAlpn(["h2", "http/1.1"]).toString("latin1")).toBe("\x02h2\x08http/1.1");
    expect(wireAlpn([]).length).toBe(0);
    expect(wireAlpn(["x".repeat(255)])[0]).toBe(255);
  });

  test("a PEM's certificates come in their order, and nothing else of it", () => {
    const { server } = identities();
    const found = pemToDer(`a comment\n${server.key}${server.chain}`);
    expect(found.length).toBe(2);
    expect(Buffer.compare(found[0]!, server.der)).toBe(0);
    const other = server.cert.replaceAll("BEGIN CERTIFICATE", "BEGIN X509 CERTIFICATE");
    expect(pemToDer(other.replaceAll("\n", "\r\n")).length).toBe(1);
    expect(pemToDer("-----BEGIN CERTIFICATE-----\n")).toEqual([]);
  });

  test("a key that is another certificate's is refused, whatever its kind", () => {
    const { server, rsa } = identities();
    for (const id of [server, rsa]) checkServerOptions(serverOptions({ cert: id.chain, key: id.key }), ALL);
    expect(() => checkServerOptions(serverOptions({ cert: server.chain, key: rsa.key }), ALL)).toThrow("own key");
    expect(() => checkServerOptions(serverOptions({ cert: rsa.chain, key: server.key }), ALL)).toThrow("own key");
    expect(() => checkClientOptions(clientOptions({ cert: rsa.chain, key: server.key }), ALL)).toThrow("own key");
  });

  test("what a runtime can't keep is refused, by name", () => {
    const clientCa = identities().root.cert;
    expect(() => checkServerOptions(serverOptions({ ciphers: "X" }), NONE)).toThrow("ciphers");
    expect(() => checkServerOptions(serverOptions({ curves: "X" }), NONE)).toThrow("curves");
    expect(() => checkClientOptions(clientOptions({ ciphers: "X" }), NONE)).toThrow("ciphers");
    expect(() => checkServerOptions(serverOptions({ clientAuth: "require", clientCa }), NONE)).toThrow("got around");
    checkServerOptions(serverOptions({ clientAuth: "require", clientCa, verifyPeer: () => null }), NONE);
    checkServerOptions(serverOptions({ clientAuth: "request", clientCa, ciphers: "X", curves: "X" }), ALL);
  });
});
