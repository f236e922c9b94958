import { CidrSet } from "../base/cidr.ts";
import type { ListenerSpec } from "../config/model.ts";
import type { Address } from "../platform/types.ts";
import type { ConnectionRate } from "./counts/connection_counts.ts";

/** What a listener asks of a connection before it takes it: where it comes from, and that not too many came before it. */
export class AcceptRules {
  /** null: everything is allowed that is not denied. */
  readonly #allow: CidrSet | null;
  readonly #deny: CidrSet | null;
  /** null: as many as come. */
  readonly #rate: ConnectionRate | null;

  constructor({ allow, deny }: ListenerSpec["sources"], rate: ConnectionRate | null) {
    this.#allow = allow.length === 0 ? null : new CidrSet(allow);
    this.#deny = deny.length === 0 ? null : new CidrSet(deny);
    this.#rate = rate;
  }

  /** A peer on a unix socket has no address, so that no range is for it. */
  allows(remote: Address): boolean {
    if ((this.#allow === null && this.#deny === null) || remote.kind === "unix") return true;
    if (this.#deny?.has(remote.host)) return false;
    return this.#allow === null || this.#allow.has(remote.host);
  }

  /** Takes a token of the connection rate; false: there is none. `now` in milliseconds. */
  admits(now: number): boolean {
    return this.#rate === null || this.#rate.admits(now);
  }

  /** What was taken stays taken over a reload that leaves the rate as it is. */
  follow(before: AcceptRules): void {
    if (before.#rate !== null) this.#rate?.follow(before.#rate);
  }
}
