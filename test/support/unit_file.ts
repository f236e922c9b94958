/** `drain.limit` when the config gives none. */
export const DEFAULT_LIMIT_MS = 30_000;

/** Settings in their order, by section and key. */
export type UnitFile = readonly { readonly section: string; readonly key: string; readonly value: string }[];

/** A unit file of systemd (systemd.syntax(7)), without continued lines, which ours have none of. Throws at a line that is none. */
export function parseUnit(text: string): UnitFile {
  const unit: { section: string; key: string; value: string }[] = [];
  let section = "";
  for (const line of text.split("\n")) {
    if (line.trim() === "" || /^[#;]/.test(line)) continue;
    const head = /^\[([A-Z][A-Za-z]+)\]$/.exec(line);
    const setting = /^([A-Z][A-Za-z0-9]+)=(.*)$/.exec(line);
    if (head !== null) section = head[1]!;
    else if (setting !== null && section !== "" && !line.endsWith("\\"))
      unit.push({ section, key: setting[1]!, value: setting[2]! });
    else throw new Error(`no line of a unit: ${line}`);
  }
  return unit;
}

/** All values of a key, in their order. */
export function settings(unit: UnitFile, section: string, key: string): string[] {
  return unit.filter((s) => s.section === section && s.key === key).map((s) => s.value);
}
