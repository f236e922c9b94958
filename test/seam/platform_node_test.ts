import { createNodePlatform } from "../../src/platform/node.ts";
import { firewallCases, firewallSkips } from "./platform/firewall_cases.ts";
import { heldCases } from "./platform/held_cases.ts";
import { movingCases, passingCases } from "./platform/passing_cases.ts";
import { childCases } from "./platform/process_cases.ts";
import { udpDescriptorCases } from "./platform/udp_descriptor_cases.ts";
import { platformCases } from "./platform_cases.ts";

const onDeno = "Deno" in globalThis;
const onBun = "Bun" in globalThis;
const runtime = onDeno ? "deno" : onBun ? "bun" : "node";

const ownCheck = "TLS: where the runtime's check of clients can be got around, one of Weir's own is asked for";
const runtimeCheck = "TLS: without a verifyPeer the runtime's check of a client's certificate holds";

const denoSkips = {
  ...firewallSkips(),
  [runtimeCheck]: "Deno's check takes tickets of any other listener, so one of Weir's own is asked for",
  "a half-close before any byte leaves the other way open":
    "Deno 2.9 fails queued writes with EPIPE when a FIN was the first that ever came",
};

const noLibc = "Node has no foreign functions";
const hangUp = "libuv takes the hang-up behind unread bytes for an end";
const noTypeScript = "the other process is TypeScript, which Node 20 does not read";
const noDestination = "node:dgram does not tell to which address a datagram came";
const noSplit = "node:dgram can't share an address with one flow's socket";
const nodeSkips = {
  ...Object.fromEntries(childCases.map(([name]) => [name, noTypeScript])),
  ...Object.fromEntries(
    [...heldCases, ...passingCases, ...movingCases, ...firewallCases, ...udpDescriptorCases].map(([name]) => [name, noLibc]),
  ),
  "UDP: a port on every address answers from the one that was asked": noDestination,
  "UDP: what the system drops is known": "node:dgram does not tell",
  "UDP: a flow gets a port of its own, and what others send stays where it was": noSplit,
  "UDP: flows of a port on every address get ports of their own, of both families": noSplit,
  [ownCheck]: "here it can't be",
  "a reset while paused is told at the latest on resume": hangUp,
  "reset drops what is queued": hangUp,
  "TLS: a reset drops what is queued": hangUp,
  "TLS: a reset is told to the other side as its peer's": "Node 20 sends a FIN before its RST, which may be read first",
  "reusePort lets two listeners share an address": "Node 20 has no such option",
  "the limit of open files is known, and raised to the hard one": noLibc,
  "the user at the other end of a unix socket is told, and of TCP is not": noLibc,
  "a dial that nobody answers leaves nothing behind when it is cancelled":
    "the silent peer is TypeScript, which Node 20 does not read",
};

platformCases({
  name: `node.ts by node:net on ${runtime}`,
  adapter: "node:net",
  create: (onFault) => createNodePlatform(runtime, { onFault, handles: false }),
  skips: onDeno ? denoSkips : onBun ? { ...firewallSkips(), [ownCheck]: "here it can't be" } : nodeSkips,
});

if (onDeno) {
  platformCases({
    name: "node.ts by handles on deno",
    adapter: "handles",
    create: (onFault) => createNodePlatform("deno", { onFault }),
    skips: denoSkips,
  });
}
