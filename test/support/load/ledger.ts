/** What went wrong with one request, session or message. */
export interface Failure {
  readonly kind: string;
  readonly id: string;
  readonly reason: string;
  /** Port of the listener that it was sent to. */
  readonly listener: number;
  /** The client's port of its connection; null: not known. */
  readonly local: number | null;
  /** When its connection was begun, or where that is not known the request itself; as `Date.now` has it. */
  readonly opened: number;
  readonly at: number;
}

export interface Tally {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
}

/** Every request, by kinds. `sent` is the sum of the others and of what is still on its way. */
export interface Report {
  readonly kinds: Readonly<Record<string, Tally>>;
  readonly failures: readonly Failure[];
  /** Sent once more by the client, since the server had told that it was never processed. */
  readonly retried: number;
}

/** Where something went. */
export type Way = Pick<Failure, "listener" | "local" | "opened">;

/** One that was sent; it is settled once. */
export class Entry {
  readonly id: string;
  readonly #kind: Kind;
  #settled = false;

  constructor(kind: Kind, id: string) {
    this.#kind = kind;
    this.id = id;
  }

  answered(): void {
    this.#settle("answered twice");
    this.#kind.answered++;
  }

  failed(reason: string, way: Way): void {
    this.#settle(`answered, then: ${reason}`);
    this.#kind.failed++;
    this.#kind.ledger.failures.push({ kind: this.#kind.name, id: this.id, reason, ...pick(way), at: Date.now() });
  }

  #settle(otherwise: string): void {
    if (this.#settled) throw new Error(`${this.#kind.name} ${this.id}: ${otherwise}`);
    this.#settled = true;
  }
}

function pick({ listener, local, opened }: Way): Way {
  return { listener, local, opened };
}

/** One kind of traffic. Ids are unique over all kinds. */
export class Kind {
  readonly name: string;
  readonly ledger: Ledger;
  sent = 0;
  answered = 0;
  failed = 0;

  constructor(name: string, ledger: Ledger) {
    this.name = name;
    this.ledger = ledger;
  }

  send(): Entry {
    return new Entry(this, `${this.name}-${++this.sent}`);
  }
}

export class Ledger {
  readonly failures: Failure[] = [];
  retried = 0;
  readonly #kinds: Kind[] = [];

  kind(name: string): Kind {
    const k = new Kind(name, this);
    this.#kinds.push(k);
    return k;
  }

  get waiting(): number {
    return this.#kinds.reduce((n, k) => n + k.sent - k.answered - k.failed, 0);
  }

  report(): Report {
    const kinds = this.#kinds.map(({ name, sent, answered, failed }) => [name, { sent, answered, failed }] as const);
    return { kinds: Object.fromEntries(kinds), failures: this.failures, retried: this.retried };
  }
}
