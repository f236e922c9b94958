import { existsSync } from "node:fs";
import type { Address, BoundAddress } from "../../base/address.ts";
import type { ListenerSpec, UdpListenerSpec } from "../../config/model.ts";
import type { LinuxCalls } from "../../platform/types.ts";
import { isInternal } from "../internal_listeners.ts";
import { same } from "../same.ts";
import type { Foreign, HeldSocket, HeldSockets } from "../sockets/held_socket.ts";

/** The sockets of one address: one a worker, or one for all where the kernel knows no other way. */
interface Row {
  readonly listener: string;
  readonly bind: BoundAddress;
  readonly options: unknown;
  readonly fds: readonly number[];
  /** Which of them are somebody else's as well. */
  readonly foreign: ReadonlyMap<number, Foreign>;
}

/** Sockets of a config that is not in force yet. */
export interface PreparedSockets {
  commit(): void;
  undo(): void;
}

/**
 * The listening sockets of all workers, opened by the supervisor, which never accepts on them. A socket outlives its worker: what waits in
 * it is served by whoever gets it next.
 */
export class SocketTable {
  readonly #linux: LinuxCalls;
  readonly #held: HeldSockets;
  readonly #workers: number;
  #rows: readonly Row[] = [];
  #next: readonly Row[] | null = null;
  #keepPaths = false;
  /** Of unix sockets that are closed here, while workers may still have them. */
  readonly #paths = new Set<string>();

  constructor(linux: LinuxCalls, held: HeldSockets, workers: number) {
    this.#linux = linux;
    this.#held = held;
    this.#workers = workers;
  }

  /** Opens what the listeners need and is not open. Rejects with a ProxyError that names the address; nothing is open for it then. */
  async prepare(listeners: Iterable<ListenerSpec | UdpListenerSpec>): Promise<PreparedSockets> {
    const next: Row[] = [];
    const opened: number[] = [];
    try {
      for (const spec of listeners) {
        if (spec.bind === null || isInternal(spec.name)) continue;
        const before = this.#rows.find((r) => goesOn(r, spec));
        next.push(before === undefined ? await this.#open(spec, opened) : { ...before, listener: spec.name, bind: spec.bind });
      }
    } catch (e) {
      for (const fd of opened) this.#linux.closeDescriptor(fd);
      throw e;
    }
    this.#next = next;
    return {
      commit: () => {
        const before = this.#rows;
        this.#rows = next;
        this.#next = null;
        const kept = new Set(next.flatMap((r) => r.fds));
        for (const r of before) if (!r.fds.every((fd) => kept.has(fd))) this.#close(r);
      },
      undo: () => {
        this.#next = null;
        for (const fd of opened) this.#linux.closeDescriptor(fd);
      },
    };
  }

  /** What a worker accepts from, of the config that is prepared or else of the one in force. */
  of(worker: number): readonly HeldSocket[] {
    return (this.#next ?? this.#rows).flatMap((r) => {
      const { bind, fds, foreign } = r;
      // Two that read one socket's datagrams would take them from each other's sessions.
      if (bind.kind === "udp") return fds.filter((_, i) => i % this.#workers === worker).map((fd) => heldOf(r, fd));
      // Nobody else would serve what waits in a foreign one.
      const own = fds.filter((_, i) => foreign.size > 0 || i % this.#workers === worker);
      return (own.length > 0 ? own : [fds[worker % fds.length]!]).map((fd) => heldOf(r, fd));
    });
  }

  /** What only this worker accepts from. */
  onlyOf(worker: number): readonly HeldSocket[] {
    return this.#rows.flatMap((r) => {
      const { fds, foreign } = r;
      if (foreign.size > 0 || fds.length < this.#workers) return [];
      return fds.filter((_, i) => i % this.#workers === worker).map((fd) => heldOf(r, fd));
    });
  }

  all(): readonly HeldSocket[] {
    return this.#rows.flatMap((r) => r.fds.map((fd) => heldOf(r, fd)));
  }

  /** Whether sockets of sessions may be bound beside those of datagrams. */
  shareDatagrams(on: boolean): void {
    for (const { bind, fds } of this.#rows) if (bind.kind === "udp") for (const fd of fds) this.#linux.shareDatagram(fd, on);
  }

  /** A successor listens: files of unix sockets stay. */
  keepPaths(): void {
    this.#keepPaths = true;
  }

  /** Closes the supervisor's copies: a socket ends with the last worker that has it. */
  close(): void {
    for (const r of this.#rows) this.#close(r);
    this.#rows = [];
  }

  #close({ bind, fds, foreign }: Row): void {
    for (const fd of fds) this.#linux.closeDescriptor(fd);
    if (bind.kind === "unix" && foreign.size === 0) this.#paths.add(bind.path);
  }

  /** Removes the files of unix sockets that nobody has any more. */
  async clearPaths(): Promise<void> {
    if (this.#keepPaths) return;
    const open = new Set(this.#rows.map(({ bind }) => (bind.kind === "unix" ? bind.path : "")));
    for (const path of [...this.#paths]) {
      if (!open.has(path)) await this.#linux.clearStalePath(path);
      if (open.has(path) || !existsSync(path)) this.#paths.delete(path);
    }
  }

  async #open(spec: ListenerSpec | UdpListenerSpec, opened: number[]): Promise<Row> {
    return isUdp(spec) ? this.#openUdp(spec, opened) : await this.#openListener(spec, opened);
  }

  /** A group of sockets keeps its size over an upgrade: another member would get datagrams of sessions that others have. */
  #openUdp(spec: UdpListenerSpec, opened: number[]): Row {
    const { name, bind, receiveBuffer, sendBuffer } = spec;
    const taken = this.#held.take(name, bind);
    const fds = taken.map((s) => s.fd);
    opened.push(...fds);
    const options = {
      reusePort: true,
      ...(receiveBuffer === null ? {} : { receiveBuffer }),
      ...(sendBuffer === null ? {} : { sendBuffer }),
    };
    let at = { kind: "tcp" as const, host: bind.host, port: bind.port };
    for (let i = fds.length > 0 ? this.#workers : 0; i < this.#workers; i++) {
      const fd = this.#linux.makeDatagramSocket(at, options);
      fds.push(fd);
      opened.push(fd);
      if (at.port === 0) at = { ...at, port: portOf(this.#linux.boundAddress(fd)) };
    }
    return { listener: name, bind, options: optionsOf(spec), fds, foreign: foreignOf(taken) };
  }

  async #openListener(spec: ListenerSpec, opened: number[]): Promise<Row> {
    const bind = spec.bind!;
    const taken = this.#held.take(spec.name, bind);
    const held = taken.map((s) => s.fd);
    const foreign = foreignOf(taken);
    const fds = [...held];
    opened.push(...held);
    // What waits in a socket of weir's own is lost when it ends, and what waits in the foreign one is not.
    const canAdd = foreign.size === 0 && held.every((fd) => this.#linux.listening(fd)?.reusePort === true);
    const wanted = bind.kind === "unix" ? 1 : canAdd ? this.#workers : held.length;
    if (bind.kind === "unix" && held.length === 0) await this.#linux.clearStalePath(bind.path);
    const { backlog, mode, transparent } = spec;
    const options = {
      reusePort: bind.kind === "tcp",
      ...(backlog === null ? {} : { backlog }),
      ...(mode === null ? {} : { mode }),
      ...(transparent ? { transparent } : {}),
    };
    // The first one chooses the port where the config leaves it open.
    let at: Address = bind;
    for (let i = fds.length; i < wanted; i++) {
      const fd = this.#linux.makeListener(at, options);
      fds.push(fd);
      opened.push(fd);
      if (bind.kind === "tcp" && bind.port === 0) at = { ...bind, port: portOf(this.#linux.boundAddress(fd)) };
    }
    return { listener: spec.name, bind, options: optionsOf(spec), fds, foreign };
  }
}

function isUdp(spec: ListenerSpec | UdpListenerSpec): spec is UdpListenerSpec {
  return spec.bind?.kind === "udp";
}

function foreignOf(taken: readonly HeldSocket[]): Row["foreign"] {
  return new Map(taken.flatMap((s) => (s.foreign === undefined ? [] : [[s.fd, s.foreign] as const])));
}

function heldOf({ listener, bind, foreign }: Row, fd: number): HeldSocket {
  const whose = foreign.get(fd);
  return { listener, bind, fd, ...(whose === undefined ? {} : { foreign: whose }) };
}

/** A socket goes with its address and not with its name, as in `ListenerChange`; port 0 is one of the listener's own. */
function goesOn(r: Row, spec: ListenerSpec | UdpListenerSpec): boolean {
  if (!same(r.bind, spec.bind) || !same(r.options, optionsOf(spec))) return false;
  return r.bind.kind === "unix" || r.bind.port !== 0 || r.listener === spec.name;
}

function optionsOf(spec: ListenerSpec | UdpListenerSpec): unknown {
  if (isUdp(spec)) return [spec.receiveBuffer, spec.sendBuffer];
  return [spec.backlog, spec.mode, spec.transparent];
}

function portOf(a: BoundAddress | null): number {
  return a?.kind === "tcp" ? a.port : 0;
}
