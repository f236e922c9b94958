import type { Problem } from "../../config/problem.ts";
import { paint, type Style } from "./paint.ts";

export interface RenderOptions {
  readonly color: boolean;
}

const SEVERITY: Readonly<Record<Problem["severity"], Style>> = { error: "red", warning: "yellow" };
/** Longer lines are shown from a little before the caret on: a minified file is one line. */
const WIDTH = 120;
const LEAD = 40;

/**
 * Problems as a person reads them:
 *
 *     weir.yaml:12:5: error: remove or rename the key "hosst": …
 *        12 |     hosst: [shop.example.com]
 *           |     ^^^^^
 *           = did you mean "hosts"?
 */
export function renderProblems(problems: readonly Problem[], options: RenderOptions): string {
  return problems.map((p) => renderOne(p, options.color)).join("\n");
}

function renderOne(p: Problem, color: boolean): string {
  const severity = paint(`${p.severity}:`, SEVERITY[p.severity], color);
  const { place } = p;
  if (place === null) return `${severity} ${printable(p.message)}\n${p.hint === "" ? "" : `  = ${printable(p.hint)}\n`}`;
  const number = String(place.line).padStart(4);
  const blank = " ".repeat(number.length);
  const bar = paint("|", "blue", color);
  const { shown, column, length } = windowOf(place.text, place.column - 1, place.length);
  // Tabs stay tabs under the line, so that the caret meets its column whatever their width.
  const indent = shown.slice(0, column).replaceAll(/[^\t]/g, " ");
  const lines = [
    `${paint(`${place.file}:${place.line}:${place.column}:`, "bold", color)} ${severity} ${printable(p.message)}`,
    `${paint(number, "blue", color)} ${bar} ${printable(shown)}`,
    `${blank} ${bar} ${indent}${paint("^".repeat(length), SEVERITY[p.severity], color)}`,
  ];
  if (p.hint !== "") lines.push(`${blank} ${paint("=", "blue", color)} ${printable(p.hint)}`);
  return `${lines.join("\n")}\n`;
}

function windowOf(text: string, column: number, length: number): { shown: string; column: number; length: number } {
  if (text.length <= WIDTH) return { shown: text, column, length };
  const from = Math.max(0, Math.min(column - LEAD, text.length - WIDTH));
  const head = from > 0 ? "…" : "";
  const tail = from + WIDTH < text.length ? "…" : "";
  const at = column - from + head.length;
  return { shown: head + text.slice(from, from + WIDTH) + tail, column: at, length: Math.min(length, Math.max(1, WIDTH - at)) };
}

/** A config may hold escape sequences; a terminal must not obey them. */
function printable(s: string): string {
  return s.replaceAll(/[\0-\x08\x0a-\x1f\x7f-\x9f]/g, "\uFFFD");
}

/** `1 error, 2 warnings`. */
export function countProblems(problems: readonly Problem[]): string {
  const errors = problems.filter((p) => p.severity === "error").length;
  const warnings = problems.length - errors;
  const parts: string[] = [];
  if (errors > 0) parts.push(`${errors} error${errors === 1 ? "" : "s"}`);
  if (warnings > 0) parts.push(`${warnings} warning${warnings === 1 ? "" : "s"}`);
  return parts.length === 0 ? "no problems" : parts.join(", ");
}
