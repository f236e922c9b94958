import { localFault } from "../../base/error.ts";
import type { LinuxCalls } from "../../platform/types.ts";

/** Descriptors of one packet: the kernel takes 253. */
const A_PACKET = 64;
const TAG = Uint8Array.of(0);

/** Sends descriptors over a packet socket. Nobody is told: a message over the channel, sent after this, says how many there are. */
export function passDescriptors(linux: LinuxCalls, packets: number, fds: readonly number[]): void {
  for (let at = 0; at < fds.length; at += A_PACKET)
    if (!linux.sendDescriptors(packets, fds.slice(at, at + A_PACKET), TAG))
      throw localFault("internal", 500, "the other process takes no descriptors: too many wait for it");
}

/** Takes as many descriptors as were announced. Throws when they are not there; what came is closed then. */
export function takeDescriptors(linux: LinuxCalls, packets: number, count: number): number[] {
  const fds: number[] = [];
  while (fds.length < count) {
    const packet = linux.receiveDescriptors(packets);
    if (packet === null) {
      for (const fd of fds) linux.closeDescriptor(fd);
      throw localFault("internal", 500, `${count} descriptors were announced, and ${fds.length} came`);
    }
    fds.push(...packet.fds);
  }
  return fds;
}
