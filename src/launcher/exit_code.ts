import { constants } from "node:os";

/** The exit code that stands for how a process ended: 128 and the signal's number for a signal, as shells have it. */
export function exitCodeOf(how: { readonly code: number | null; readonly signal: string | null }): number {
  if (how.signal === null) return how.code ?? 1;
  return 128 + ((constants.signals as Readonly<Record<string, number>>)[how.signal] ?? 0);
}
