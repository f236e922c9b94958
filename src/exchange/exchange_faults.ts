import { localFault } from "../base/error.ts";

/** Faults that an exchange finds itself; each says the same every time. */
export const NO_ROUTE = localFault("noRoute", 404, "no route matches the request");
export const PATH_REFUSED = localFault("pathRefused", 400, "the route takes no encoded slash, backslash or NUL in the path");
export const BODY_TOO_LARGE = localFault("bodyTooLarge", 413, "the body is larger than the limit of its route");
export const BAD_MAX_FORWARDS = localFault("badRequest", 400, "Max-Forwards is no number (RFC 9110 7.6.2)");
export const TRACE_REFUSED = localFault("methodRefused", 405, "TRACE ends here and is not served");
export const MISDIRECTED = localFault("misdirected", 421, "the authority has another TLS policy than this connection");
export const PAST_DEADLINE = localFault("requestTimeout", 504, "the deadline of the call had passed when it came");
export const STREAM_UPGRADE_REFUSED = localFault("upgradeRefused", 501, "the route does not let this protocol through");
export const CONNECT_REFUSED = localFault("upgradeRefused", 405, "the route lets no CONNECT through");
export const NO_CLUSTER = localFault("noCluster", 503, "a filter named a cluster that is none of the config");
export const ANSWERED_LATE = localFault("internal", 0, "a filter answered when a reply had begun");
/** What an upstream still sends is not wanted, for a filter has answered. */
export const ANSWERED = localFault("internal", 0, "a filter answered in the upstream's place");
/** A target still wants something of a request that is over. */
export const REPLIED_EARLY = localFault("internal", 0, "the reply was complete before the request");
