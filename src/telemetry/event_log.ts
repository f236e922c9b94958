export type Level = "debug" | "info" | "warning" | "error";
export type Facts = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** Weir's own events, one line each. `event` is a constant sentence without the facts; the facts are its fields. */
export interface EventLog {
  log(level: Level, event: string, facts?: Facts): void;
}
