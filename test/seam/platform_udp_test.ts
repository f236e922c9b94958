import { DescriptorBudget } from "../../src/platform/descriptor_budget.ts";
import { DgramUdp } from "../../src/platform/dgram_udp.ts";
import { createNodePlatform } from "../../src/platform/node.ts";
import type { HeldUdp, Platform, TcpAddress, UdpHandler, UdpOptions } from "../../src/platform/types.ts";
import { definePlatformCases } from "./platform/subject.ts";
import { udpCases } from "./platform/udp_cases.ts";

const onDeno = "Deno" in globalThis;

/** A platform with the datagrams of a system that is not Linux. */
function withDgram(onFault: (e: unknown) => void): Platform {
  const dgram = new DgramUdp(new DescriptorBudget(), onFault);
  const below = createNodePlatform("bun", { onFault });
  return new Proxy(below, {
    get(target, key) {
      if (key === "udp") return (at: TcpAddress | HeldUdp, o: UdpOptions, h: UdpHandler) => dgram.bind(at as TcpAddress, o, h);
      if (key === "connectUdp") return (to: TcpAddress, source: string | null, h: UdpHandler) => dgram.connect(to, source, h);
      return Reflect.get(target, key, target) as unknown;
    },
  });
}

const noDestination = "node:dgram does not tell to which address a datagram came";
const noSplit = "node:dgram can't share an address with one flow's socket";
// Deno's node:dgram sends out of order and tells wrong addresses; on Linux nothing goes that way.
if (!onDeno) {
  definePlatformCases(
    {
      name: "datagrams by node:dgram on bun",
      adapter: "",
      create: withDgram,
      skips: {
        "UDP: a port on every address answers from the one that was asked": noDestination,
        "UDP: what the system drops is known": "node:dgram does not tell",
        "UDP: a flow gets a port of its own, and what others send stays where it was": noSplit,
        "UDP: flows of a port on every address get ports of their own, of both families": noSplit,
      },
    },
    udpCases,
  );
}
