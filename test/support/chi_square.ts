/**
 * How likely counts at least as far from their expectations as these are by chance alone (Pearson's chi-square test): a small number says
 * that chance is no explanation. Cells that expect fewer than 5 are taken together, as the test needs; 1 when one cell is left.
 */
export function chiSquareP(observed: readonly number[], expected: readonly number[]): number {
  const cells: [number, number][] = [];
  const rest: [number, number] = [0, 0];
  observed.forEach((o, i) => {
    if (expected[i]! >= 5) cells.push([o, expected[i]!]);
    else {
      rest[0] += o;
      rest[1] += expected[i]!;
    }
  });
  if (rest[1] >= 5) cells.push(rest);
  if (cells.length < 2) return 1;
  const statistic = cells.reduce((sum, [o, e]) => sum + (o - e) ** 2 / e, 0);
  return upperGamma((cells.length - 1) / 2, statistic / 2);
}

/** The regularised upper incomplete gamma function Q(a, x): a series below a + 1, a continued fraction above (Press et al., 6.2). */
function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 10_000 && term > sum * 1e-12; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return 1 - front * sum;
  }
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 10_000; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-12) break;
  }
  return front * h;
}

/** Stirling's series, far enough out. */
function logGamma(x: number): number {
  if (x < 10) return logGamma(x + 1) - Math.log(x);
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * x) - 1 / (360 * x ** 3);
}
