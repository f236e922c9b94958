import type { TcpAddress } from "../base/address.ts";
import { localFault } from "../base/error.ts";
import type { DescriptorBudget } from "./descriptor_budget.ts";
import { DgramUdp } from "./dgram_udp.ts";
import type { LinuxLibc } from "./linux_libc.ts";
import { LinuxUdp } from "./udp_net.ts";
import type { HeldUdp, UdpHandler, UdpOptions, UdpPort } from "./udp_types.ts";

/** The datagram half of a platform. */
export interface Udp {
  bind(at: TcpAddress | HeldUdp, o: UdpOptions, h: UdpHandler): UdpPort | Promise<UdpPort>;
  connect(to: TcpAddress, source: string | null, h: UdpHandler): UdpPort;
}

/** `libc` null: not Linux, or no foreign functions. */
export function createUdp(libc: LinuxLibc | null, budget: DescriptorBudget, onFault: (e: unknown) => void): Udp {
  // A half of the cost of Bun's own datagram sockets, and a seventh of node:dgram's on Deno, which can do less besides.
  if (libc !== null) return new LinuxUdp(libc, budget, onFault);
  const dgram = new DgramUdp(budget, onFault);
  return {
    bind: (at, o, h) => {
      if ("fd" in at) throw localFault("internal", 500, "run on Bun or Deno on Linux: sockets can't be taken over here");
      return dgram.bind(at, o, h);
    },
    connect: (to, source, h) => dgram.connect(to, source, h),
  };
}
