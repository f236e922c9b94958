import { expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { run } from "../support/program.ts";
import { root } from "../support/subject.ts";

setDefaultTimeout(60_000);

const PATH = `${process.env["PATH"]}:/usr/sbin:/sbin`;
const NETWORK = [
  "set -e",
  "ip link set lo up",
  "for a in 10.5.5.5 10.5.5.6 10.7.7.7; do ip addr add $a/32 dev lo; done",
  "iptables -t nat -A OUTPUT -p tcp -s 10.5.5.6 -d 10.5.5.5 --dport 8080 -j REDIRECT --to-ports 9999",
  "iptables -t mangle -A PREROUTING -p tcp -s 10.5.5.6 -d 10.7.7.7 --dport 8080 -j TPROXY --on-port 9998 --tproxy-mark 1",
  "ip rule add fwmark 1 lookup 101",
  "ip route add local 0.0.0.0/0 dev lo table 101",
].join("; ");

function inNetwork(...command: string[]): string[] {
  return ["unshare", "-rn", "sh", "-c", `${NETWORK}; exec "$@"`, "sh", ...command];
}

const [unshare, ...words] = inNetwork("true");
const canRedirect = process.platform === "linux" && spawnSync(unshare!, words, { env: { ...process.env, PATH } }).status === 0;

// Without the right to make a network of its own, or without iptables and its TPROXY, there is no firewall to redirect by.
test.skipIf(!canRedirect)("sessions go where they were going before the firewall redirected them", async () => {
  const bun = join(root, "node_modules", ".bin", "bun");
  const ran = await run(inNetwork(bun, join(root, "test", "support", "redirect_probe.ts")), { env: { PATH }, ms: 45_000 });
  expect([ran.stderr, ran.code]).toEqual(["", 0]);
  const [redirected, taken, ...direct] = JSON.parse(ran.stdout) as unknown[];
  expect([redirected, taken]).toEqual(["to the other side;", "to the other side;"]);
  // Who asks for the listener itself was going nowhere.
  expect(direct).toEqual([
    "reset",
    "reset",
    ["redirected  UH", "redirected 10.5.5.5:8080 ", "taken  UH", "taken 10.7.7.7:8080 "],
  ]);
});
