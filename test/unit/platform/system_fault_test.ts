import { describe, expect, test } from "bun:test";
import { addressText } from "../../../src/base/address.ts";
import { acceptFault, dialFault, listenFault, resetFault } from "../../../src/platform/system_fault.ts";
import type { Address } from "../../../src/platform/types.ts";

const TCP: Address = { kind: "tcp", host: "10.1.2.3", port: 80 };
const UNIX: Address = { kind: "unix", path: "/run/app.sock" };

describe("addresses in messages", () => {
  const rows: [Address, string][] = [
    [TCP, "10.1.2.3:80"],
    [{ kind: "tcp", host: "::1", port: 80 }, "[::1]:80"],
    [{ kind: "tcp", host: "", port: 80 }, ":80"],
    [UNIX, "unix:/run/app.sock"],
    [{ kind: "unix", path: "\0app" }, "unix:@app"],
  ];
  for (const [address, shown] of rows) test(shown, () => expect(addressText(address)).toBe(shown));
});

describe("faults of the system", () => {
  const dials: [Address, string, string][] = [
    [TCP, "ECONNREFUSED", "connectRefused"],
    [UNIX, "ENOENT", "connectRefused"],
    [TCP, "ENOENT", "connectFailed"],
    [TCP, "EHOSTUNREACH", "connectFailed"],
    [TCP, "ETIMEDOUT", "connectFailed"],
    [TCP, "EMFILE", "noDescriptors"],
    [TCP, "ENFILE", "noDescriptors"],
  ];
  for (const [to, code, wanted] of dials) {
    test(`a dial to ${to.kind} that fails with ${code} is ${wanted}, and may always be tried again`, () => {
      const e = dialFault(to, { code });
      expect(e.facts).toMatchObject({ code: wanted, retry: "always", side: "upstream" });
      expect(e.message).toContain(code);
      expect(e.message).toContain(addressText(to));
    });
  }
  test("a listen tells an address in use apart", () => {
    expect(listenFault(TCP, { code: "EADDRINUSE" }).facts.code).toBe("addressInUse");
    expect(listenFault(TCP, { code: "EACCES" }).facts.code).toBe("internal");
    expect(listenFault(TCP, { code: "EACCES" }).message).toContain("right to bind");
    expect(listenFault(TCP, new Error("odd")).message).toContain("odd");
  });
  test("an accept tells the lack of descriptors apart", () => {
    expect(acceptFault(TCP, { code: "EMFILE" }).facts.code).toBe("noDescriptors");
    expect(acceptFault(TCP, { code: "ECONNABORTED" }).facts.code).toBe("internal");
  });
  test("a reset names its side", () => {
    expect(resetFault(true).facts).toMatchObject({ code: "clientReset", side: "downstream", retry: "never" });
    expect(resetFault(false).facts).toMatchObject({ code: "upstreamReset", side: "upstream", retry: "ifReused" });
  });
});
