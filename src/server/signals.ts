import type { Closer } from "../platform/types.ts";

export interface SignalHandlers {
  /** SIGTERM, SIGINT. */
  end(): void;
  /** SIGHUP. */
  reload(): void;
  /** SIGUSR1. */
  reopen(): void;
  /** SIGUSR2. */
  upgrade(): void;
}

/** Takes the signals of an operator. Those without a handler would end the process. */
export function onSignals(h: SignalHandlers): Closer {
  const wired: readonly (readonly [NodeJS.Signals, () => void])[] = [
    ["SIGTERM", () => h.end()],
    ["SIGINT", () => h.end()],
    ["SIGHUP", () => h.reload()],
    ["SIGUSR1", () => h.reopen()],
    ["SIGUSR2", () => h.upgrade()],
  ];
  for (const [signal, f] of wired) process.on(signal, f);
  return {
    close: () => {
      for (const [signal, f] of wired) process.off(signal, f);
    },
  };
}
