const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTH = `(${MONTHS.join("|")})`;
const TIME = "([0-9]{2}):([0-9]{2}):([0-9]{2})";

/** Sun, 06 Nov 1994 08:49:37 GMT */
const IMF = new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{2}) ${MONTH} ([0-9]{4}) ${TIME} GMT$`);
/** Sunday, 06-Nov-94 08:49:37 GMT */
const RFC850 = new RegExp(`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, ([0-9]{2})-${MONTH}-([0-9]{2}) ${TIME} GMT$`);
/** Sun Nov  6 08:49:37 1994 */
const ASCTIME = new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} ([0-9 ][0-9]) ${TIME} ([0-9]{4})$`);

const YEAR_MS = 365.25 * 24 * 60 * 60 * 1000;

/** An HTTP-date in any of its three forms (RFC 9110 5.6.7), as milliseconds since the epoch; null: it is none. `wall` is now. */
export function parseHttpDate(text: string, wall: number): number | null {
  const imf = IMF.exec(text);
  if (imf !== null) return dateOf(imf[3]!, imf[2]!, imf[1]!, imf.slice(4));
  const asctime = ASCTIME.exec(text);
  if (asctime !== null) return dateOf(asctime[6]!, asctime[1]!, asctime[2]!, asctime.slice(3, 6));
  const short = RFC850.exec(text);
  return short === null ? null : centuryOf(short, wall);
}

/** Two digits of a year that would be more than 50 years ahead mean the last year with these digits. */
function centuryOf(m: RegExpExecArray, wall: number): number | null {
  const century = Math.floor(new Date(wall).getUTCFullYear() / 100);
  for (const c of [century + 1, century, century - 1]) {
    const at = dateOf(`${c}${m[3]}`, m[2]!, m[1]!, m.slice(4));
    if (at === null || at <= wall + 50 * YEAR_MS) return at;
  }
  return null;
}

function dateOf(year: string, month: string, day: string, [hours, minutes, seconds]: string[]): number | null {
  const [h, min, s, d] = [Number(hours), Number(minutes), Number(seconds), Number(day)];
  if (h > 23 || min > 59 || s > 60) return null;
  const at = Date.UTC(Number(year), MONTHS.indexOf(month), d, h, min, s);
  // No 31st of February.
  return new Date(Date.UTC(Number(year), MONTHS.indexOf(month), d)).getUTCDate() === d && d > 0 ? at : null;
}
