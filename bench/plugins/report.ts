import { differencesOf, type Metric, metricOf, ratiosOf, type Sample, spreadOf } from "../rivals/measure/sample.ts";
import { aligned, cell, HEADINGS, ratioCell } from "../rivals/report.ts";
import type { Outcome, Work } from "./works/work.ts";

/** A line a subject: medians over the rounds with the least and the most, then what each has above its base, round by round. */
export function workTable({ title, metrics, told }: Work, { samples, pairs }: Outcome): string {
  const subjects = [...new Set(samples.map((s) => s.subject))];
  const compared = metrics.filter((m) => m !== "children" && m !== "busy");
  const rows = [["", ...metrics.map((m) => HEADINGS[m])]];
  for (const subject of subjects) rows.push([subject, ...metrics.map((m) => cell(m, spreadOf(metricOf(samples, subject, m))))]);
  const more = [[told === "ratio" ? "times" : "above", ...compared.map((m) => HEADINGS[m])]];
  for (const { subject, base } of pairs)
    more.push([`${subject} : ${base}`, ...compared.map((m) => comparison(samples, subject, base, m, told))]);
  const others = spreadOf(samples.flatMap((s) => s.values.others ?? []));
  const noise = others === null ? "" : `\nothers took ${cell("others", others)} % of the machine meanwhile`;
  return `${title}\n${aligned(rows)}\n${aligned(more)}${noise}`;
}

function comparison(samples: readonly Sample[], subject: string, base: string, metric: Metric, told: Work["told"]): string {
  return told === "ratio"
    ? ratioCell(spreadOf(ratiosOf(samples, subject, base, metric)))
    : cell(metric, spreadOf(differencesOf(samples, subject, base, metric)));
}
