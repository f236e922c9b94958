import type { BunConn } from "./bun_conn.ts";
import { DescriptorBudget } from "./descriptor_budget.ts";
import type { LinuxLibc } from "./linux_libc.ts";

/** What the connections of one platform share. */
export class BunNet {
  readonly onFault: (e: unknown) => void;
  readonly budget = new DescriptorBudget();
  nextId = 1;
  #late: BunConn[] = [];
  #spare: BunConn[] = [];
  readonly #run = (): void => this.#settle();

  /** Null: not Linux, or no foreign functions. */
  readonly libc: LinuxLibc | null;

  constructor(onFault: (e: unknown) => void, libc: LinuxLibc | null) {
    this.onFault = onFault;
    this.libc = libc;
  }

  /** Calls `settle` of the connection when the present call stack is gone. */
  later(c: BunConn): void {
    if (this.#late.push(c) === 1) queueMicrotask(this.#run);
  }

  #settle(): void {
    const due = this.#late;
    this.#late = this.#spare;
    for (let i = 0; i < due.length; i++) due[i]!.settle();
    due.length = 0;
    this.#spare = due;
  }
}
