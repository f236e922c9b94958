import { readlinkSync } from "node:fs";
import process from "node:process";
import { hostTimer } from "./host_services.ts";
import type { LinuxLibc } from "./linux_libc.ts";
import type { Timer } from "./types.ts";
import { SCRATCH_AT, UdpMessages } from "./udp_messages.ts";

const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;
const F_GETFL = 3;
const F_SETFL = 4;
const F_SETOWN_EX = 15;
const F_OWNER_TID = 0;
const SIG_BLOCK = 0;
const SIG_UNBLOCK = 1;
const SIGIO = 29;
/** sigset_t of glibc and musl. */
const SIGNAL_SET_BYTES = 128;
const O_ASYNC = 0o20000;
/** struct epoll_event is packed on x86-64 alone. */
const EVENT_BYTES = process.arch === "x64" ? 12 : 16;
const EVENT_DATA = process.arch === "x64" ? 4 : 8;
/** Ports looked at in one round. */
const EVENTS = 64;
/** Datagrams read in one turn of the event loop: then connections and timers have their turn. */
const TURN_DATAGRAMS = 1024;
/** A signal that got lost would leave a port unread for so long. Linux merges signals and loses none; this is for what nobody knows of. */
const LOOK_AGAIN_MS = 1000;

/** A socket that the loop watches. */
export interface Readable {
  readonly fd: number;
  /** Reads at most so many datagrams; how many it read. Below what it was allowed: nothing is left. */
  read(most: number): number;
}
/** What has datagrams in the memory for sending. */
export interface Sender {
  flush(): void;
}

/**
 * Tells the datagram sockets of this process when there is something to read. The runtimes give no way to wait for a descriptor of one's
 * own, so the system is asked for a signal (SIGIO, fcntl(2)) when something comes; epoll then tells for whom. After that the signal is
 * blocked, and every turn of the event loop looks again, until one finds nothing: under load there are no signals.
 *
 *   waiting ──signal──▶ reading, a turn at a time ──nothing there──▶ waiting
 */
export class UdpLoop {
  readonly libc: LinuxLibc;
  readonly received: UdpMessages;
  readonly outgoing: UdpMessages;
  readonly #epoll: number;
  readonly #events = new Uint8Array(EVENTS * EVENT_BYTES);
  readonly #view = new DataView(this.#events.buffer);
  readonly #ports = new Map<number, Readable>();
  readonly #signals = new Uint8Array(SIGNAL_SET_BYTES);
  #reading = false;
  #again = false;
  #blocked = false;
  #tick: Timer | null = null;
  #sender: Sender | null = null;
  #flushes = false;

  /** Throws a ProxyError when there are no descriptors or no memory. */
  constructor(libc: LinuxLibc) {
    this.libc = libc;
    this.#epoll = libc.must(libc.c.epoll_create1(EPOLL_CLOEXEC), "making an epoll descriptor");
    this.received = new UdpMessages(libc);
    this.outgoing = new UdpMessages(libc);
    // struct f_owner_ex: signals go to this thread, for any other one would be woken for nothing.
    this.received.view.setInt32(SCRATCH_AT, F_OWNER_TID, true);
    this.received.view.setInt32(SCRATCH_AT + 4, threadNumber(), true);
    this.#signals[(SIGIO - 1) >> 3] = 1 << ((SIGIO - 1) & 7);
    // A process inherits what the one that started it had blocked.
    libc.c.pthread_sigmask(SIG_UNBLOCK, this.#signals, 0);
  }

  /** The clock of the platform. */
  now(): number {
    return performance.now();
  }

  /** Reads from it whenever something is there. The signals of a socket that processes share go to who watched it last. */
  watch(p: Readable): void {
    const { c } = this.libc;
    // Before the first signal can come: without anybody to take it, it ends the process.
    this.#listen();
    this.#ports.set(p.fd, p);
    const event = new Uint8Array(EVENT_BYTES);
    const view = new DataView(event.buffer);
    view.setUint32(0, EPOLLIN, true);
    view.setInt32(EVENT_DATA, p.fd, true);
    this.libc.must(c.epoll_ctl(this.#epoll, EPOLL_CTL_ADD, p.fd, event), "watching a socket");
    c.fcntl(p.fd, F_SETOWN_EX, this.received.addressOf(SCRATCH_AT));
    c.fcntl(p.fd, F_SETFL, c.fcntl(p.fd, F_GETFL, 0) | O_ASYNC);
    // What came before there was anybody to be told.
    this.#soon();
  }

  /** Call it before the descriptor is closed: one that others have too would go on being told of. */
  unwatch(p: Readable): void {
    if (this.#ports.get(p.fd) !== p) return;
    this.#ports.delete(p.fd);
    this.libc.c.epoll_ctl(this.#epoll, EPOLL_CTL_DEL, p.fd, this.#events);
    if (this.#ports.size > 0) return;
    this.#tick?.cancel();
    this.#tick = null;
  }

  /** Who puts datagrams into the memory for sending now; those of another one leave first. */
  takeOutgoing(s: Sender): void {
    if (this.#sender !== s) this.#flush();
    this.#sender = s;
    if (this.#reading || this.#flushes) return;
    this.#flushes = true;
    queueMicrotask(() => {
      this.#flushes = false;
      this.#flush();
    });
  }

  #flush(): void {
    const s = this.#sender;
    this.#sender = null;
    s?.flush();
  }

  #listen(): void {
    this.#look();
    if (readers.size === 0) process.on("SIGIO" as "SIGHUP", tellReaders);
    readers.add(this.#read);
  }

  /** Also keeps the process alive for as long as there are ports. */
  #look(): void {
    this.#tick ??= hostTimer(
      LOOK_AGAIN_MS,
      () => {
        this.#tick = null;
        this.#read();
        if (this.#ports.size > 0) this.#look();
      },
      true,
    );
  }

  /** What comes while it is blocked is one signal, told at the end. */
  #block(on: boolean): void {
    if (this.#blocked === on) return;
    this.#blocked = on;
    this.libc.c.pthread_sigmask(on ? SIG_BLOCK : SIG_UNBLOCK, this.#signals, 0);
  }

  #soon(): void {
    if (this.#again) return;
    this.#again = true;
    setImmediate(() => {
      this.#again = false;
      this.#read();
    });
  }

  readonly #read = (): void => {
    if (this.#reading) return;
    this.#reading = true;
    try {
      let left = TURN_DATAGRAMS;
      while (left > 0) {
        const n = this.libc.c.epoll_wait(this.#epoll, this.#events, EVENTS, 0);
        if (n <= 0) {
          if (left === TURN_DATAGRAMS) this.#block(false);
          else this.#soon();
          return;
        }
        this.#block(true);
        for (let i = 0; i < n && left > 0; i++) {
          const p = this.#ports.get(this.#view.getInt32(i * EVENT_BYTES + EVENT_DATA, true));
          // An error that was read counts too: a peer that is told of again and again must not hold the loop.
          if (p !== undefined) left -= Math.max(1, p.read(left));
        }
      }
      this.#soon();
    } finally {
      this.#reading = false;
      this.#flush();
    }
  };
}

/** Of all loops of the process, for a signal is the process's. None is taken out: a late signal that nobody takes would be the process's end. */
const readers = new Set<() => void>();

function threadNumber(): number {
  return Number(/\d+$/.exec(readlinkSync("/proc/thread-self"))?.[0] ?? process.pid);
}

function tellReaders(): void {
  for (const f of readers) f();
}
