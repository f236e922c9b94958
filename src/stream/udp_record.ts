import { SessionRecord } from "./session_record.ts";
import type { UdpEnds } from "./udp_rule.ts";

/** The access log's record of a session of UDP. */
export class UdpRecord extends SessionRecord {
  constructor(startWall: number, listener: string, ends: UdpEnds) {
    super(startWall, listener, ends, null, "UDP");
  }
}
