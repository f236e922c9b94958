import { expect } from "bun:test";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { Child, roleCommand } from "./child.ts";
import type { Case } from "./subject.ts";

/** A network of its own, in which two addresses are redirected to port 9999 and replies to a third come back. */
const NETWORK = [
  "set -e",
  "ip link set lo up",
  "ip addr add 10.5.5.5/32 dev lo",
  "ip addr add fd00::5/128 dev lo",
  "iptables -t nat -A OUTPUT -p tcp -d 10.5.5.5 --dport 8080 -j REDIRECT --to-ports 9999",
  "ip6tables -t nat -A OUTPUT -p tcp -d fd00::5 --dport 8080 -j REDIRECT --to-ports 9999",
  "ip rule add to 10.9.9.9 lookup 100",
  "ip route add local 10.9.9.9/32 dev lo table 100",
].join("; ");

function inNetwork(args: readonly string[]): readonly string[] {
  return ["-rn", "sh", "-c", `${NETWORK}; exec "$@"`, "sh", ...args];
}

/** Connections that a firewall redirects, and dials with options of the firewall's. */
export const firewallCases: readonly Case[] = [
  [
    "where a redirected connection was going is told, and a dial has the source and the mark that it asks for",
    async ({ p, adapter }) => {
      const path = `${process.env["PATH"]}:/usr/sbin:/sbin`;
      const child = new Child(p, {
        command: "unshare",
        args: inNetwork(roleCommand(adapter, "redirected")),
        env: { PATH: path, DENO_DISABLE_NODE_SHIM: "1" },
      });
      expect(await child.told<unknown[]>()).toEqual([
        [{ kind: "tcp", host: "10.5.5.5", port: 8080 }, "10.5.5.5"],
        [{ kind: "tcp", host: "fd00::5", port: 8080 }, "fd00::5"],
        [null, "127.0.0.1"],
        [null, "::1"],
        [null, "10.9.9.9"],
        [null, "127.0.0.1"],
        [null, "127.0.0.1"],
        "connectFailed",
        "connectRefused",
      ]);
      await child.end();
    },
  ],
];

/** Why these can't be run here; empty: they can. */
export function firewallSkips(): Record<string, string> {
  const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` };
  const tried = process.platform === "linux" ? spawnSync("unshare", [...inNetwork(["true"])], { env }) : null;
  if (tried?.status === 0) return {};
  return Object.fromEntries(firewallCases.map(([name]) => [name, "no network of its own with iptables can be had here"]));
}
