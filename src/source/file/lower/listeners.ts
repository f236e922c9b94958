import { decode } from "../decode.ts";
import type { Item } from "../gather.ts";
import type { Reporter } from "../problem_list.ts";
import { type ListenerConfig, listenerSchema } from "../schema/listener.ts";
import { socketKeys } from "../schema/socket.ts";
import { type TcpListenerConfig, tcpListenerSchema } from "../schema/tcp_listener.ts";
import { type UdpListenerConfig, udpListenerSchema } from "../schema/udp_listener.ts";
import { childOf, type MapEntry, toPlain } from "../tree.ts";
import type { Lowering } from "./lowering.ts";

export interface DecodedListeners {
  readonly http: ReadonlyMap<string, ListenerConfig>;
  readonly tcp: ReadonlyMap<string, TcpListenerConfig>;
  readonly udp: ReadonlyMap<string, UdpListenerConfig>;
  /** All that are there, in their order, those included that could not be read. */
  readonly carries: ReadonlyMap<string, Carried>;
}

export type Carried = "http" | "tcp" | "udp";

/** Each listener by the schema of what it carries. */
export function decodeListeners(to: Lowering): DecodedListeners {
  const http = new Map<string, ListenerConfig>();
  const tcp = new Map<string, TcpListenerConfig>();
  const udp = new Map<string, UdpListenerConfig>();
  const carries = new Map<string, Carried>();
  for (const [name, item] of to.gathered.listeners) {
    const protocol = childOf(item.node, "protocol");
    const word = protocol?.kind === "scalar" ? protocol.value : "http";
    const carried = word === "tcp" || word === "udp" ? word : "http";
    carries.set(name, carried);
    if (carried !== "http") {
      const own = withDefaults(item, carried === "tcp" ? Object.keys(socketKeys) : UDP_DEFAULTS);
      to.gathered.listeners.set(name, own);
      const report = to.reporter(own);
      if (carried === "tcp") keep(tcp, name, decode(tcpListenerSchema, toPlain(own.node), report));
      else keep(udp, name, decode(udpListenerSchema, toPlain(own.node), report));
      continue;
    }
    const report = to.reporter(item);
    const c = decode(listenerSchema, toPlain(item.node), report);
    if (c === null) continue;
    checkLimits(c, report);
    http.set(name, c);
  }
  return { http, tcp, udp, carries };
}

/** What of the defaults of listeners is there for one of datagrams too. */
const UDP_DEFAULTS = ["allow", "deny"];

function keep<T>(map: Map<string, T>, name: string, c: T | null): void {
  if (c !== null) map.set(name, c);
}

function checkLimits(c: ListenerConfig, report: Reporter): void {
  if (c.limits.requestLine > c.limits.head)
    report.error(["limits", "requestLine"], "lower requestLine: found it above head, which it is a part of");
}

/** Defaults of listeners are those of HTTP, but for what concerns sockets. */
function withDefaults(item: Item, keys: readonly string[]): Item {
  if (item.own.kind !== "map" || item.node.kind !== "map") return { ...item, node: item.own };
  const entries = new Map<string, MapEntry>(item.own.entries);
  for (const key of keys) {
    const under = item.node.entries.get(key);
    if (under !== undefined) entries.set(key, under);
  }
  return { ...item, node: { ...item.own, entries } };
}
