const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const FRACTIONS: readonly string[] = Array.from({ length: 1000 }, (_, i) => `${String(i).padStart(3, "0")}Z`);

/** Wall clock readings as text. What a second has in common is made once for that second. */
export class ClockText {
  #second = Number.NaN;
  #prefix = "";
  #clfSecond = Number.NaN;
  #clf = "";

  /** RFC 3339 in UTC, such as `2026-01-31T23:59:59.250Z`; `ms` since 1970. */
  rfc3339(ms: number): string {
    const second = Math.floor(ms / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#prefix = new Date(second * 1000).toISOString().slice(0, -4);
    }
    return this.#prefix + FRACTIONS[Math.floor(ms) - second * 1000]!;
  }

  /** The Common Log Format's, such as `31/Jan/2026:23:59:59 +0000`. */
  clf(ms: number): string {
    const second = Math.floor(ms / 1000);
    if (second !== this.#clfSecond) {
      const iso = new Date(second * 1000).toISOString();
      this.#clfSecond = second;
      this.#clf = `${iso.slice(8, 10)}/${MONTHS[Number(iso.slice(5, 7)) - 1]!}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
    }
    return this.#clf;
  }
}
