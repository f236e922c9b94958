import { type Metric, metricOf, ratiosOf, type Sample, type Spread, spreadOf } from "./measure/sample.ts";
import { TARGETS, type Target } from "./targets.ts";
import type { Work } from "./works/work.ts";

const RIVALS = ["nginx", "haproxy", "envoy"];

export const HEADINGS: Readonly<Record<Metric, string>> = {
  cpu: "CPU µs/request",
  children: "of children",
  perCpu: "per CPU second",
  busy: "% of core",
  rate: "requests/s",
  p50: "p50 µs",
  p99: "p99 µs",
  p999: "p99.9 µs",
  rss: "RSS MiB",
  idle: "bytes/connection",
  reconnects: "reconnects",
  unfinished: "unfinished",
  others: "% others",
};

export interface Verdict extends Target {
  readonly found: Spread;
  readonly met: boolean;
}

/** A line a subject: medians over the rounds with the least and the most, then ratios of the first metric to each rival. */
export function workTable(work: Work, samples: readonly Sample[]): string {
  const subjects = [...new Set(samples.map((s) => s.subject))];
  const rivals = RIVALS.filter((r) => subjects.includes(r));
  const first = work.metrics[0]!;
  const rows = [["", ...work.metrics.map((m) => HEADINGS[m]), ...rivals.map((r) => `× ${r}`)]];
  for (const subject of subjects) {
    const cells = work.metrics.map((m) => cell(m, spreadOf(metricOf(samples, subject, m))));
    const ratios = rivals.map((r) => (r === subject ? "" : ratioCell(spreadOf(ratiosOf(samples, subject, r, first)))));
    rows.push([subject, ...cells, ...ratios]);
  }
  const others = spreadOf(samples.flatMap((s) => s.values.others ?? []));
  const noise = others === null ? "" : `\nothers took ${cell("others", others)} % of the machine meanwhile`;
  return `${work.title}\n${aligned(rows)}${noise}`;
}

/** Of the targets, those that this run can judge. */
export function judge(work: string, samples: readonly Sample[]): Verdict[] {
  return TARGETS.filter((t) => t.work === work).flatMap((t) => {
    const values =
      t.against === null ? metricOf(samples, t.subject, t.metric) : ratiosOf(samples, t.subject, t.against, t.metric);
    const found = spreadOf(values);
    return found === null ? [] : [{ ...t, found, met: found.median <= t.limit }];
  });
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  const rows = [["work", "subject", "measure", "wanted", "found", ""]];
  for (const v of verdicts) {
    const unit = v.against === null ? "" : ` × ${v.against}`;
    const found = v.against === null ? cell(v.metric, v.found) : ratioCell(v.found);
    rows.push([v.work, v.subject, HEADINGS[v.metric], `≤ ${v.limit}${unit}`, found, v.met ? "reached" : "short"]);
  }
  return `Numbers to reach (median of the rounds' ratios, least to most)\n${aligned(rows)}`;
}

export function cell(metric: Metric, s: Spread | null): string {
  if (s === null) return "–";
  const scale = metric === "rss" ? 1 / 1024 ** 2 : 1;
  const digits = metric === "cpu" || metric === "children" || metric === "rss" ? 1 : 0;
  const [median, min, max] = [s.median, s.min, s.max].map((n) => (n * scale).toFixed(digits));
  return min === max ? median! : `${median} (${min}–${max})`;
}

export function ratioCell(s: Spread | null): string {
  return s === null ? "–" : `${s.median.toFixed(2)} (${s.min.toFixed(2)}–${s.max.toFixed(2)})`;
}

export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((r) => r[column]!.length)));
  return rows
    .map((r) =>
      r
        .map((text, column) => text.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
