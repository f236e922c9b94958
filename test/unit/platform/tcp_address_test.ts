import { expect, test } from "bun:test";
import { tcpAddress } from "../../../src/platform/tcp_address.ts";

test("an IPv4 peer of a dual-stack socket is shown as IPv4, all else as it is", () => {
  expect(tcpAddress("::ffff:10.0.0.1", 80)).toEqual({ kind: "tcp", host: "10.0.0.1", port: 80 });
  expect(tcpAddress("::ffff:1", 80)).toEqual({ kind: "tcp", host: "::ffff:1", port: 80 });
  expect(tcpAddress("2001:db8::1", 80)).toEqual({ kind: "tcp", host: "2001:db8::1", port: 80 });
  expect(tcpAddress(undefined, undefined)).toEqual({ kind: "tcp", host: "", port: 0 });
});
