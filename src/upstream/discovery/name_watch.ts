import type { Timer } from "../../platform/types.ts";
import { ipFamily } from "../host.ts";
import { type DnsPolicy, errorText, isAbsence, refreshDelay, retryDelay, type WatchEnv } from "./dns_policy.ts";
import { ANSWER_LIMIT_MS, FAMILY_WAIT_MS, MAX_ADDRESSES } from "./limits.ts";
import { type AddressPair, pairFamilies } from "./pair_families.ts";

type Family = 4 | 6;
type Records = readonly { address: string; ttl: number }[];
/** What a family said in a round: records, that there are none, or nothing that can be relied on. */
type Answer = { kind: "records"; records: Records } | { kind: "none" } | { kind: "failed"; error: string };

/** One asking of a name, both families at once. */
interface Round {
  readonly answers: Map<Family, Answer>;
  waiting: number;
}

/**
 * Keeps the addresses of one name up to date.
 *
 *   idle ── start ─► asking ── all families answered, or 10 s ─► waiting ── before the TTL ends, or the retry delay ─► asking …
 *
 * What a family answered last stands until it answers again; a round without a single address changes nothing, so that a broken or
 * emptied DNS takes no traffic away. `close` ends it from any state.
 */
export class NameWatch {
  readonly name: string;
  readonly policy: DnsPolicy;
  readonly #env: WatchEnv;
  /** The addresses changed, or the first round has ended. */
  readonly #onChange: () => void;
  readonly #known = new Map<Family, readonly string[]>();
  #pairs: readonly AddressPair[];
  #settled = false;
  #failures = 0;
  #round: Round | null = null;
  #timer: Timer | null = null;
  #early: Timer | null = null;

  /** `seed`: what an earlier watch of the name knew; it stands until this one has an answer. */
  constructor(env: WatchEnv, name: string, policy: DnsPolicy, seed: readonly AddressPair[], onChange: () => void) {
    this.#env = env;
    this.name = name;
    this.policy = policy;
    this.#pairs = seed;
    const hosts = seed.flat();
    if (policy.families !== "v4") this.#seed(6, hosts);
    if (policy.families !== "v6") this.#seed(4, hosts);
    this.#onChange = onChange;
  }

  /** The hosts behind the name as far as is known. */
  get pairs(): readonly AddressPair[] {
    return this.#pairs;
  }

  /** Whether there has been an answer, or a failure to get one. */
  get settled(): boolean {
    return this.#settled;
  }

  start(): void {
    const { families } = this.policy;
    const asked: readonly Family[] = families === "auto" ? [6, 4] : families === "v6" ? [6] : [4];
    const round: Round = { answers: new Map(), waiting: asked.length };
    this.#round = round;
    this.#timer = this.#env.platform.setTimer(ANSWER_LIMIT_MS, () => this.#expire(round, asked));
    for (const family of asked) {
      this.#env.platform.resolve(this.name, family, this.policy.servers).then(
        (records) => this.#take(round, family, records.length === 0 ? { kind: "none" } : { kind: "records", records }),
        (e: unknown) => this.#take(round, family, isAbsence(e) ? { kind: "none" } : { kind: "failed", error: errorText(e) }),
      );
    }
  }

  close(): void {
    this.#round = null;
    this.#timer?.cancel();
    this.#early?.cancel();
  }

  #seed(family: Family, hosts: readonly string[]): void {
    const known = hosts.filter((h) => ipFamily(h) === family);
    if (known.length > 0) this.#known.set(family, known);
  }

  #take(round: Round, family: Family, answer: Answer): void {
    if (this.#round !== round || round.answers.has(family)) return;
    round.answers.set(family, answer);
    round.waiting--;
    if (round.waiting === 0) {
      this.#finish(round);
    } else if (!this.#settled && answer.kind === "records") {
      this.#early = this.#env.platform.setTimer(FAMILY_WAIT_MS, () => {
        this.#learn(round);
        this.#publish();
      });
    }
  }

  #expire(round: Round, asked: readonly Family[]): void {
    for (const family of asked) this.#take(round, family, { kind: "failed", error: `no answer after ${ANSWER_LIMIT_MS} ms` });
  }

  #finish(round: Round): void {
    this.#round = null;
    this.#early?.cancel();
    this.#timer?.cancel();
    const retry = retryDelay(this.#failures, this.#env.random);
    let ttl = Number.POSITIVE_INFINITY;
    let whole = true;
    for (const answer of round.answers.values()) {
      if (answer.kind === "records") for (const r of answer.records) ttl = Math.min(ttl, r.ttl * 1000);
      if (answer.kind === "failed") whole = false;
    }
    const refresh = refreshDelay(this.policy, ttl, this.#env.random);
    const delay = ttl === Number.POSITIVE_INFINITY ? retry : whole ? refresh : Math.min(retry, refresh);
    this.#learn(round);
    this.#tell(round, whole && ttl !== Number.POSITIVE_INFINITY, delay);
    this.#timer = this.#env.platform.setTimer(delay, () => this.start());
    this.#publish();
  }

  #learn(round: Round): void {
    if (![...round.answers.values()].some((a) => a.kind === "records")) return;
    for (const [family, answer] of round.answers) {
      if (answer.kind === "none") this.#known.delete(family);
      if (answer.kind === "records") this.#known.set(family, distinct(answer.records));
    }
  }

  /**
   * One line for each failure (they come ever more seldom) and one when it is over. Where one family works and the other's servers are
   * broken for good, which is common with AAAA, once is enough.
   */
  #tell(round: Round, good: boolean, delay: number): void {
    const { log, cluster } = this.#env;
    if (good) {
      if (this.#failures > 0) log.log("info", "Name resolves again", { cluster, name: this.name, failures: this.#failures });
      this.#failures = 0;
      return;
    }
    this.#failures++;
    this.#env.failed();
    const error = [...round.answers].map(
      ([family, a]) => `${family === 4 ? "A" : "AAAA"}: ${a.kind === "failed" ? a.error : a.kind}`,
    );
    const facts = {
      cluster,
      name: this.name,
      error,
      failures: this.#failures,
      retryMs: Math.round(delay),
      kept: this.#pairs.length,
    };
    const partial = [...round.answers.values()].some((a) => a.kind === "records");
    log.log(
      partial && this.#failures > 1 ? "debug" : "warning",
      "Name could not be resolved, its last addresses stay in use",
      facts,
    );
  }

  #publish(): void {
    const first = !this.#settled;
    this.#settled = true;
    const before = this.#pairs;
    if (this.#known.size > 0) this.#pairs = pairFamilies(this.#known.get(6) ?? [], this.#known.get(4) ?? [], before);
    const same = this.#pairs.length === before.length && this.#pairs.every((p, i) => p.join() === before[i]!.join());
    if (!same || first) this.#onChange();
  }
}

function distinct(records: Records): readonly string[] {
  return [...new Set(records.map((r) => r.address))].sort().slice(0, MAX_ADDRESSES);
}
