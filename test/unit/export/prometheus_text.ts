/** A sample of a page in Prometheus' text format. */
export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ParsedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: ParsedSample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,?)/;
const VALUE = /^ (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[+-]Inf|NaN)$/;

/** Reads a page strictly, after the format's description (0.0.4), and throws at the first line that it does not allow. */
export function parsePage(page: string): Map<string, ParsedFamily> {
  if (!page.endsWith("\n")) throw new Error("the last line has no line break");
  const families: Map<string, ParsedFamily> = new Map();
  const seen = new Set<string>();
  let family: ParsedFamily | null = null;
  let help: { name: string; text: string } | null = null;
  for (const line of page.split("\n")) {
    if (line === "") continue;
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment !== null) {
      const [, kind, name, text] = comment as unknown as [string, string, string, string];
      if (kind === "HELP") {
        if (families.has(name)) throw new Error(`a second HELP of ${name}`);
        help = { name, text };
        continue;
      }
      if (help?.name !== name) throw new Error(`TYPE without HELP before it: ${line}`);
      if (!/^(counter|gauge|histogram)$/.test(text)) throw new Error(`no such type: ${line}`);
      family = { name, help: help.text, type: text, samples: [] };
      families.set(name, family);
      continue;
    }
    if (family === null) throw new Error(`a sample without a family: ${line}`);
    const sample = parseSample(line);
    const suffixes = family.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    if (!suffixes.some((s) => sample.name === family!.name + s)) throw new Error(`a sample outside of its family: ${line}`);
    const key = sample.name + JSON.stringify(Object.entries(sample.labels).sort());
    if (seen.has(key)) throw new Error(`the same sample twice: ${line}`);
    seen.add(key);
    family.samples.push(sample);
  }
  for (const f of families.values()) if (f.type === "histogram") checkHistogram(f);
  return families;
}

function parseSample(line: string): ParsedSample {
  const name = NAME.exec(line)?.[0];
  if (name === undefined) throw new Error(`no name: ${line}`);
  let rest = line.slice(name.length);
  const labels: Record<string, string> = {};
  if (rest.startsWith("{")) {
    rest = rest.slice(1);
    for (let more = true; more; ) {
      const label = LABEL.exec(rest);
      if (label === null) throw new Error(`a malformed label: ${line}`);
      if (Object.hasOwn(labels, label[1]!)) throw new Error(`the same label twice: ${line}`);
      labels[label[1]!] = label[2]!.replace(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c));
      rest = rest.slice(label[0].length);
      more = label[3] === ",";
    }
    if (!rest.startsWith("}")) throw new Error(`labels are not closed: ${line}`);
    rest = rest.slice(1);
  }
  const value = VALUE.exec(rest)?.[1];
  if (value === undefined) throw new Error(`a malformed value: ${line}`);
  return { name, labels, value: value.endsWith("Inf") ? Number(`${value}inity`) : Number(value) };
}

/** Per label set: bounds rise to +Inf, counts never fall, the last is the count, and there is one sum. */
function checkHistogram(f: ParsedFamily): void {
  const rows: Map<string, { bounds: number[]; counts: number[]; sum: number[]; count: number[] }> = new Map();
  for (const { name, labels, value } of f.samples) {
    const { le, ...others } = labels;
    const key = JSON.stringify(Object.entries(others).sort());
    let row = rows.get(key);
    if (row === undefined) {
      row = { bounds: [], counts: [], sum: [], count: [] };
      rows.set(key, row);
    }
    if (name.endsWith("_bucket")) {
      row.bounds.push(le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le));
      row.counts.push(value);
    } else (name.endsWith("_sum") ? row.sum : row.count).push(value);
  }
  for (const [key, { bounds, counts, sum, count }] of rows) {
    const rises = (a: number[], least: number): boolean => a.every((v, i) => i === 0 || v - a[i - 1]! >= least);
    const sound = rises(bounds, 1e-9) && rises(counts, 0) && bounds.at(-1) === Number.POSITIVE_INFINITY;
    if (!sound || sum.length !== 1 || count.length !== 1 || count[0] !== counts.at(-1))
      throw new Error(`${f.name}${key} is no histogram`);
  }
}
