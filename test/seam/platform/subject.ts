import { describe, test } from "bun:test";
import type { Platform } from "../../../src/platform/types.ts";

/** One adapter under the shared cases. */
export interface PlatformSubject {
  readonly name: string;
  /** What another process is told to make the same platform; "" where there is none. */
  readonly adapter: string;
  /** `onFault` gets what a handler threw. */
  create(onFault: (e: unknown) => void): Platform;
  /** Cases that can't hold here, by their full name, each with its reason. */
  readonly skips: Readonly<Record<string, string>>;
}

/** A fresh platform for each case, with what its handlers threw. */
export interface CaseRun {
  readonly p: Platform;
  readonly adapter: string;
  readonly faults: unknown[];
}
export type Case = readonly [name: string, run: (r: CaseRun) => Promise<void>];

const LIMIT_MS = 20_000;

/** Defines one test for each case; a skip that names no case is an error, so that none outlives its reason. */
export function definePlatformCases(subject: PlatformSubject, cases: readonly Case[]): void {
  const names = new Set(cases.map(([name]) => name));
  if (names.size !== cases.length) throw new Error("give each case a name of its own");
  for (const name of Object.keys(subject.skips))
    if (!names.has(name)) throw new Error(`remove the skip of '${name}': no such case`);
  describe(`platform ${subject.name}`, () => {
    for (const [name, run] of cases) {
      const reason = subject.skips[name];
      if (reason !== undefined) {
        test.skip(`${name} (${reason})`, () => {});
        continue;
      }
      test(
        name,
        async () => {
          const faults: unknown[] = [];
          await run({ adapter: subject.adapter, p: subject.create((e) => faults.push(e)), faults });
        },
        LIMIT_MS,
      );
    }
  });
}
