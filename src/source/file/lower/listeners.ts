import { decode } from "../decode.ts";
import type { Item } from "../gather.ts";
import type { Reporter } from "../problem_list.ts";
import { type ListenerConfig, listenerSchema } from "../schema/listener.ts";
import { socketKeys } from "../schema/socket.ts";
import { type TcpListenerConfig, tcpListenerSchema } from "../schema/tcp_listener.ts";
import { childOf, type MapEntry, toPlain } from "../tree.ts";
import type { Lowering } from "./lowering.ts";

export interface DecodedListeners {
  readonly http: ReadonlyMap<string, ListenerConfig>;
  readonly tcp: ReadonlyMap<string, TcpListenerConfig>;
  /** All that are there, in their order, those included that could not be read. */
  readonly carries: ReadonlyMap<string, "http" | "tcp">;
}

/** Each listener by the schema of what it carries. */
export function decodeListeners(to: Lowering): DecodedListeners {
  const http = new Map<string, ListenerConfig>();
  const tcp = new Map<string, TcpListenerConfig>();
  const carries = new Map<string, "http" | "tcp">();
  for (const [name, item] of to.gathered.listeners) {
    const protocol = childOf(item.node, "protocol");
    const isTcp = protocol?.kind === "scalar" && protocol.value === "tcp";
    carries.set(name, isTcp ? "tcp" : "http");
    if (isTcp) {
      const own = withSocketDefaults(item);
      to.gathered.listeners.set(name, own);
      const c = decode(tcpListenerSchema, toPlain(own.node), to.reporter(own));
      if (c !== null) tcp.set(name, c);
      continue;
    }
    const report = to.reporter(item);
    const c = decode(listenerSchema, toPlain(item.node), report);
    if (c === null) continue;
    checkLimits(c, report);
    http.set(name, c);
  }
  return { http, tcp, carries };
}

function checkLimits(c: ListenerConfig, report: Reporter): void {
  if (c.limits.requestLine > c.limits.head)
    report.error(["limits", "requestLine"], "lower requestLine: found it above head, which it is a part of");
}

/** Defaults of listeners are those of HTTP, but for what concerns sockets. */
function withSocketDefaults(item: Item): Item {
  if (item.own.kind !== "map" || item.node.kind !== "map") return { ...item, node: item.own };
  const entries = new Map<string, MapEntry>(item.own.entries);
  for (const key of Object.keys(socketKeys)) {
    const under = item.node.entries.get(key);
    if (under !== undefined) entries.set(key, under);
  }
  return { ...item, node: { ...item.own, entries } };
}
