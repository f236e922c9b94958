import type { TcpAddress } from "../base/address.ts";
import { localFault } from "../base/error.ts";
import type { DescriptorBudget } from "./descriptor_budget.ts";
import type { LinuxLibc } from "./linux_libc.ts";
import { boundAddress } from "./raw_listener.ts";
import { OUT_OF_DESCRIPTORS } from "./shed_notice.ts";
import { dialFault } from "./system_fault.ts";
import { tcpAddress } from "./tcp_address.ts";
import { UdpLoop } from "./udp_loop.ts";
import { RawUdpPort, type UdpNet } from "./udp_port.ts";
import { bindUdp, connectUdpSocket, isDatagram, setBuffers, tellDestination } from "./udp_socket.ts";
import type { HeldUdp, UdpHandler, UdpOptions, UdpPort } from "./udp_types.ts";

const SOL_SOCKET = 1;
const SO_DOMAIN = 39;
const AF_INET6 = 10;

/** Datagram ports by Linux's own calls. Made at the first port. */
export class LinuxUdp {
  readonly #libc: LinuxLibc;
  readonly #budget: DescriptorBudget;
  readonly #onFault: (e: unknown) => void;
  #net: UdpNet | null = null;

  constructor(libc: LinuxLibc, budget: DescriptorBudget, onFault: (e: unknown) => void) {
    this.#libc = libc;
    this.#budget = budget;
    this.#onFault = onFault;
  }

  /** Throws what `Platform.udp` rejects with. */
  bind(at: TcpAddress | HeldUdp, o: UdpOptions, h: UdpHandler): UdpPort {
    const libc = this.#libc;
    const net = this.#shared();
    const held = "fd" in at;
    if (held && !isDatagram(libc, at.fd)) {
      libc.c.close(at.fd);
      throw localFault("internal", 500, `pass a datagram socket: descriptor ${at.fd} is none`);
    }
    const fd = held ? at.fd : bindUdp(libc, at, o);
    this.#budget.takeOpen();
    if (held) {
      // An inherited one comes without, and every child would get it.
      libc.setCloseOnExec(fd);
      setBuffers(libc, fd, o);
    }
    const bound = boundAddress(libc, fd);
    const address = bound?.kind === "tcp" ? bound : tcpAddress(undefined, 0);
    const six = libc.getInt(fd, SOL_SOCKET, SO_DOMAIN) === AF_INET6;
    if (address.host === "" || address.host === "::" || address.host === "0.0.0.0") tellDestination(libc, fd, six);
    // `:53` where there is no IPv6 stays what was asked for.
    return new RawUdpPort(net, fd, six, held ? address : { ...at, port: address.port }, h);
  }

  connect(to: TcpAddress, source: string | null, h: UdpHandler): UdpPort {
    const net = this.#shared();
    if (!this.#budget.takeForDial()) throw dialFault(to, OUT_OF_DESCRIPTORS);
    try {
      const fd = connectUdpSocket(this.#libc, to, source);
      const bound = boundAddress(this.#libc, fd);
      const address = bound?.kind === "tcp" ? tcpAddress(bound.host, bound.port) : tcpAddress(undefined, 0);
      const port = new RawUdpPort(net, fd, to.host.includes(":"), address, h);
      port.start();
      return port;
    } catch (e) {
      this.#budget.give();
      throw e;
    }
  }

  #shared(): UdpNet {
    this.#net ??= { loop: new UdpLoop(this.#libc), budget: this.#budget, onFault: this.#onFault };
    return this.#net;
  }
}
