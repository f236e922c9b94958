import type { FormattedValues, LogRecord, TextFormatter, TextFormatterOptions } from "@logtape/logtape";
import { getAnsiColorFormatter, getLevelFilter, getTextFormatter } from "@logtape/logtape";
import type { EventLog, Facts, Level } from "./event_log.ts";

export interface EventLogOptions {
  /** The least level that is told. */
  readonly level: Level;
  /** auto: text on a terminal, JSON otherwise. */
  readonly format: "auto" | "text" | "json";
  /** Whether `write` ends at a terminal. */
  readonly isTerminal: boolean;
  /** No colour on terminals, as a non-empty NO_COLOR asks. */
  readonly noColor: boolean;
  /** Takes one whole line with its line break. What it throws is dropped: nobody is left to be told. */
  readonly write: (line: string) => void;
  /** Milliseconds since 1970. */
  readonly wallNow: () => number;
}

/** An event log whose level and format follow the config. */
export interface AdjustableEventLog extends EventLog {
  adjust(o: Pick<EventLogOptions, "level" | "format">): void;
  /** Facts that every line tells from now on. */
  always(facts: Facts): void;
}

/**
 * LogTape's filter and formatters around one `write`. Its global registry of loggers is left alone, so that any number of event logs
 * live side by side. Values are escaped: no peer can forge a line, a field or a terminal sequence.
 *
 * @example
 * createEventLog({ level: "info", format: "json", isTerminal: false, noColor: true, write, wallNow: Date.now }).log("info", "listening", { listener: "web" })
 * // {"time":"2026-01-31T23:59:59.250Z","level":"info","event":"listening","listener":"web"}
 */
export function createEventLog(o: EventLogOptions): AdjustableEventLog {
  let passes = getLevelFilter(o.level);
  let format = formatterOf(o.format, o);
  let common: Facts = {};
  return {
    log(level: Level, event: string, facts: Facts = {}): void {
      const record: LogRecord = {
        category: ["weir"],
        level,
        message: [event],
        rawMessage: event,
        timestamp: o.wallNow(),
        properties: { ...facts, ...common },
      };
      if (!passes(record)) return;
      try {
        o.write(format(record));
      } catch {
        // A closed stderr must not take a connection, or the process, with it.
      }
    },
    adjust(now): void {
      passes = getLevelFilter(now.level);
      format = formatterOf(now.format, o);
    },
    always(facts): void {
      common = facts;
    },
  };
}

function formatterOf(format: EventLogOptions["format"], o: EventLogOptions): TextFormatter {
  if (format === "json" || (format === "auto" && !o.isTerminal)) return jsonLine;
  const options: TextFormatterOptions = {
    timestamp: "rfc3339",
    level: (level) => level.padEnd(7),
    sanitize: { sgr: "escape", newlines: "escape" },
    format: textLine,
  };
  return o.isTerminal && !o.noColor ? getAnsiColorFormatter(options) : getTextFormatter(options);
}

function textLine(v: FormattedValues): string {
  let line = `${v.timestamp} ${v.level} ${v.message}`;
  for (const [name, value] of Object.entries(v.record.properties)) line += ` ${name}=${factText(value)}`;
  return line;
}

function jsonLine(r: LogRecord): string {
  const line = { time: new Date(r.timestamp).toISOString(), level: r.level, event: r.rawMessage, ...r.properties };
  return `${visible(JSON.stringify(line))}\n`;
}

/** Bare where nothing in it could be taken for another field, quoted as JSON otherwise. */
function factText(value: unknown): string {
  if (typeof value === "string" && /^[\w.:/@%+~[\]-]+$/.test(value)) return value;
  return visible(JSON.stringify(value));
}

/** What JSON leaves as it is and terminals or editors act on: C1 controls, line separators, marks that turn the direction of text. */
const HIDDEN = /[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

function visible(json: string): string {
  return json.replace(HIDDEN, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
