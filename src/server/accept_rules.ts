import { CidrSet } from "../base/cidr.ts";
import type { ListenerSpec } from "../config/model.ts";
import type { Address } from "../platform/types.ts";

/** What a listener asks of a connection before it takes it: where it comes from, and that not too many came before it. */
export class AcceptRules {
  /** null: everything is allowed that is not denied. */
  readonly #allow: CidrSet | null;
  readonly #deny: CidrSet | null;
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at = 0;

  constructor({ sources, connectionRate }: Pick<ListenerSpec, "sources" | "connectionRate">) {
    this.#allow = sources.allow.length === 0 ? null : new CidrSet(sources.allow);
    this.#deny = sources.deny.length === 0 ? null : new CidrSet(sources.deny);
    this.#perMs = connectionRate === null ? Number.POSITIVE_INFINITY : connectionRate.perSecond / 1000;
    this.#burst = connectionRate?.burst ?? 0;
    this.#tokens = this.#burst;
  }

  /** A peer on a unix socket has no address, so that no range is for it. */
  allows(remote: Address): boolean {
    if ((this.#allow === null && this.#deny === null) || remote.kind === "unix") return true;
    if (this.#deny?.has(remote.host)) return false;
    return this.#allow === null || this.#allow.has(remote.host);
  }

  /** Takes a token of the connection rate; false: there is none. `now` in milliseconds. */
  admits(now: number): boolean {
    if (this.#perMs === Number.POSITIVE_INFINITY) return true;
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** What was taken stays taken over a reload that leaves the rate as it is. */
  follow(before: AcceptRules): void {
    if (before.#perMs !== this.#perMs || before.#burst !== this.#burst) return;
    this.#tokens = before.#tokens;
    this.#at = before.#at;
  }
}
