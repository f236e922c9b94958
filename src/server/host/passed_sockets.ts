import type { BoundAddress } from "../../base/address.ts";
import { FIRST_PASSED_FD } from "../../launcher/launcher_variables.ts";
import type { LinuxCalls } from "../../platform/types.ts";
import type { EventLog } from "../../telemetry/event_log.ts";
import { bindLabel } from "../internal_listeners.ts";
import type { HeldSocket } from "../sockets/held_socket.ts";

/** Sockets that a service manager passed, by their names. What neither listens nor is one of datagrams is closed here, and the log says so. */
export function passedSockets(names: readonly string[], linux: LinuxCalls | null, log: EventLog): HeldSocket[] {
  const sockets: HeldSocket[] = [];
  for (const [i, name] of names.entries()) {
    const descriptor = FIRST_PASSED_FD + i;
    const fd = linux?.takeInherited(descriptor) ?? null;
    if (linux === null || fd === null) {
      log.log("error", "a socket that was passed can't be used", { descriptor, name });
      continue;
    }
    const bind = bindOf(linux, fd);
    if (bind === null) {
      log.log("warning", "a descriptor that was passed is closed: it is no listening stream socket and none of datagrams", {
        descriptor,
        name,
      });
      linux.closeDescriptor(fd);
      continue;
    }
    log.log("info", "a socket was passed", { descriptor, name, address: bindLabel(bind) });
    sockets.push({ listener: "", bind, fd, foreign: { name } });
  }
  return sockets;
}

function bindOf(linux: LinuxCalls, fd: number): BoundAddress | null {
  if (linux.listening(fd) !== null) return linux.boundAddress(fd);
  const bound = linux.datagram(fd) === null ? null : linux.boundAddress(fd);
  return bound?.kind === "tcp" ? { ...bound, kind: "udp" } : null;
}
