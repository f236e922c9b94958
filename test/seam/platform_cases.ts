import { addressCases } from "./platform/address_cases.ts";
import { closingCases } from "./platform/closing_cases.ts";
import { firewallCases } from "./platform/firewall_cases.ts";
import { heldCases } from "./platform/held_cases.ts";
import { hostCases } from "./platform/host_cases.ts";
import { osCases } from "./platform/os_cases.ts";
import { movingCases, passingCases } from "./platform/passing_cases.ts";
import { childCases, processCases } from "./platform/process_cases.ts";
import { definePlatformCases, type PlatformSubject } from "./platform/subject.ts";
import { tlsCases } from "./platform/tls_cases.ts";
import { tlsHandshakeCases } from "./platform/tls_handshake_cases.ts";
import { tlsPeerCases } from "./platform/tls_peer_cases.ts";
import { tlsTrustCases } from "./platform/tls_trust_cases.ts";
import { transferCases } from "./platform/transfer_cases.ts";
import { udpCases } from "./platform/udp_cases.ts";
import { udpDescriptorCases } from "./platform/udp_descriptor_cases.ts";
import { unansweredCases } from "./platform/unanswered_cases.ts";

/** The one list that every adapter has to pass. */
export function platformCases(subject: PlatformSubject): void {
  definePlatformCases(subject, [
    ...transferCases,
    ...closingCases,
    ...addressCases,
    ...hostCases,
    ...osCases,
    ...processCases,
    ...childCases,
    ...heldCases,
    ...passingCases,
    ...movingCases,
    ...firewallCases,
    ...unansweredCases,
    ...udpCases,
    ...udpDescriptorCases,
    ...tlsCases,
    ...tlsHandshakeCases,
    ...tlsTrustCases,
    ...tlsPeerCases,
  ]);
}
