import { localFault } from "../../base/error.ts";
import type { AdmissionSpec } from "../../config/traffic_model.ts";
import { errorReply } from "../../exchange/reply.ts";
import type { Filter, FilterEnv, FilterExchange, FilterFactory, Reply } from "../../filter/types.ts";
import { isGrpc } from "../../http/grpc/content_type.ts";
import type { Timer } from "../../platform/types.ts";
import { AdmissionFilter } from "./admission_filter.ts";
import { SuccessWindow } from "./success_window.ts";

/** A request that waits to be let in. */
export interface Waiting {
  /** What it has drawn, 0 to below 1: it is let in when fewer than this are shed. */
  readonly drawn: number;
  readonly until: number;
  /** Is called once, with whether it is let in. */
  readonly decided: (letIn: boolean) => void;
}

/** Between two looks at those that wait. */
const LOOK_MS = 50;
const NOT_ADMITTED = localFault("notAdmitted", 503, "too few of the requests before it succeeded");

/** Admission of one route's requests: what became of them before, and who waits. */
export class AdmissionGate implements FilterFactory {
  readonly #spec: AdmissionSpec;
  readonly #env: FilterEnv;
  readonly #window: SuccessWindow;
  readonly #waiting = new Set<Waiting>();
  #timer: Timer | null = null;

  constructor(spec: AdmissionSpec, env: FilterEnv) {
    this.#spec = spec;
    this.#env = env;
    this.#window = new SuccessWindow(spec.windowMs);
  }

  open(): Filter {
    return new AdmissionFilter(this);
  }

  /** Draws for a request: null lets it in, otherwise it waits with what it has drawn, or is shed where nobody waits. */
  draw(): number | null {
    const rejection = this.rejection();
    if (rejection === 0) return null;
    const drawn = this.#env.random();
    return drawn < rejection ? drawn : null;
  }

  get waits(): boolean {
    return this.#spec.waitMs > 0;
  }

  /** Waits until fewer are shed than what was drawn says, or the time is over. The draw is kept: to draw again would let nearly all in. */
  wait(drawn: number, decided: (letIn: boolean) => void): Waiting {
    const w = { drawn, until: this.#env.now() + this.#spec.waitMs, decided };
    this.#waiting.add(w);
    this.#timer ??= this.#env.setTimer(LOOK_MS, () => this.#look());
    return w;
  }

  /** It waits no more: the client went away. */
  leave(w: Waiting): void {
    this.#waiting.delete(w);
  }

  record(success: boolean): void {
    this.#window.record(success, this.#env.now());
  }

  /** Share of requests that is shed now, 0 to 1: ((n − s / threshold) / (n + 1)) ^ (1 / aggression), of n requests with s successes. */
  rejection(): number {
    const { threshold, aggression, minRate, maxRejection } = this.#spec;
    const window = this.#window;
    if (window.rate(this.#env.now()) < minRate) return 0;
    const share = (window.requests - window.successes / threshold) / (window.requests + 1);
    return share <= 0 ? 0 : Math.min(maxRejection, share ** (1 / aggression));
  }

  reply({ request }: FilterExchange): Reply {
    return { ...errorReply(NOT_ADMITTED, this.#env.wallNow(), isGrpc(request.fields)), code: "notAdmitted" };
  }

  #look(): void {
    const now = this.#env.now();
    const rejection = this.rejection();
    for (const w of [...this.#waiting]) {
      const letIn = w.drawn >= rejection;
      if (!letIn && now < w.until) continue;
      this.#waiting.delete(w);
      w.decided(letIn);
    }
    this.#timer = this.#waiting.size === 0 ? null : this.#env.setTimer(LOOK_MS, () => this.#look());
  }
}
