import type { ProxyError } from "../base/error.ts";
import type { ConnInfo } from "../platform/types.ts";
import { flagOf } from "../telemetry/response_flags.ts";
import { SessionRecord } from "./session_record.ts";
import type { SessionSite } from "./tcp_rule.ts";

/** The access log's record of a connection that ended before any chain had it. */
export class RefusedSession extends SessionRecord {
  constructor(site: SessionSite, info: ConnInfo, serverName: string | null, e: ProxyError) {
    super(site.wall(), site.listener, info, serverName);
    this.flags = flagOf(e.facts.code);
  }
}
