import type { ErrorCode, ProxyError } from "../../base/error.ts";
import type { Host, TellOutcome } from "../types.ts";

/** What failed attempts of one host are told to. */
export interface TallyOwner {
  /** After the counts have risen. */
  onFailure(t: HostTally): void;
  /** The first attempt since the interval began. */
  onFirst(): void;
}

/** Failures that say something of the host: not connected, reset, timed out, or an answer that can't be read. */
const LOCAL: ReadonlySet<ErrorCode> = new Set([
  "connectRefused",
  "connectTimeout",
  "connectFailed",
  "tlsHandshake",
  "upstreamReset",
  "upstreamClosed",
  "upstreamProtocol",
  "upstreamHeadTooLarge",
  "responseTimeout",
  "requestTimeout",
]);

/** How the attempts at one host end. */
export class HostTally {
  readonly host: Host;
  consecutive5xx = 0;
  consecutiveGateway = 0;
  consecutiveLocal = 0;
  /** Since the interval began. */
  successes = 0;
  total = 0;
  /** When it is let back; 0: it is not ejected. */
  ejectedUntil = 0;
  /** It was let back since the interval began. */
  cameBack = false;
  /** How often it was ejected, less one for each whole interval that it stayed. */
  times = 0;
  readonly #owner: TallyOwner;

  constructor(host: Host, owner: TallyOwner) {
    this.host = host;
    this.#owner = owner;
  }

  readonly tell: TellOutcome = (status, failure): void => {
    // What was under way when it was ejected says nothing new.
    if (this.ejectedUntil !== 0) return;
    if (failure !== null && !isOfHost(failure)) return;
    if (this.total++ === 0) this.#owner.onFirst();
    if (failure === null && status < 500) {
      this.successes++;
      this.clearRuns();
      return;
    }
    this.consecutive5xx++;
    if (failure !== null) {
      this.consecutiveLocal++;
      this.consecutiveGateway++;
    } else {
      this.consecutiveLocal = 0;
      this.consecutiveGateway = status >= 502 && status <= 504 ? this.consecutiveGateway + 1 : 0;
    }
    this.#owner.onFailure(this);
  };

  clearRuns(): void {
    this.consecutive5xx = this.consecutiveGateway = this.consecutiveLocal = 0;
  }

  clearInterval(): void {
    this.successes = this.total = 0;
  }
}

function isOfHost({ facts }: ProxyError): boolean {
  return LOCAL.has(facts.code);
}
