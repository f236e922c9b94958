const CODES = { bold: 1, red: 31, green: 32, yellow: 33, blue: 34 } as const;

export type Style = keyof typeof CODES;

/** Text in a colour of the terminal, plain when `color` is false. */
export function paint(text: string, style: Style, color: boolean): string {
  return color ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text;
}

/** Colour is for terminals, and for those who did not ask to be spared it (https://no-color.org). */
export function wantsColor(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  const spared = env["NO_COLOR"];
  return isTerminal && (spared === undefined || spared === "") && env["TERM"] !== "dumb";
}
