import type { FilterChainSpec } from "../config/model.ts";
import type { Site } from "../exchange/site.ts";
import type { SessionSite, TcpRule } from "../stream/tcp_rule.ts";

/** What a listener serves now. Replaced whole by a reload. */
export interface ListenerSite {
  /** For connections that carry HTTP; null: no chain is for them. */
  readonly http: Site | null;
  /** For sessions, and for what concerns the whole listener. */
  readonly session: SessionSite;
  /** As the spec has them. */
  readonly chains: readonly Chain[];
}

/** A chain in force. */
export interface Chain {
  /** Its place among the listener's. */
  readonly index: number;
  readonly spec: FilterChainSpec;
  /** null: it carries HTTP. */
  readonly tcp: TcpRule | null;
}
