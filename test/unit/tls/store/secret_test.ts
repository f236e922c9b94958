import { describe, expect, test } from "bun:test";
import { type Look, loadSecret, Secret, type SecretProblem } from "../../../../src/tls/store/secret.ts";
import { FakeSecretFiles } from "./fake_secret_files.ts";

interface Pair {
  readonly version: string;
}

/** `a1` and `a2` fit, `a1` and `b2` do not; `x` can't be read, `later` not before 100 s. */
function load([one, two]: readonly string[], now: number): Pair | SecretProblem {
  if (one!.startsWith("x")) return problem("unreadable");
  if (one!.startsWith("old")) return problem("expired");
  if (one === "later1" && now < 100_000) return problem("notYetValid");
  return one!.slice(0, -1) === two!.slice(0, -1) ? { version: one!.slice(0, -1) } : problem("mismatch");
}

function problem(kind: SecretProblem["kind"]): SecretProblem {
  return { kind, message: kind, hint: "" };
}

async function start(): Promise<{
  files: FakeSecretFiles;
  secret: Secret<Pair>;
  seen: string[];
  put: (one: string, two?: string) => void;
}> {
  const files = new FakeSecretFiles();
  const put = (one: string, two = `${one.slice(0, -1)}2`): void => {
    files.texts.set("/one", one);
    files.texts.set("/two", two);
  };
  put("a1");
  const secret = await loadSecret({ label: "pair", paths: ["/one", "/two"], files, load }, 0);
  if (!(secret instanceof Secret)) throw new Error(secret.message);
  const seen: string[] = [];
  secret.onChange((p) => seen.push(p.version));
  return { files, secret, seen, put };
}

describe("a secret", () => {
  test("stays while its files stay", async () => {
    const { secret } = await start();
    expect(await secret.look(1000)).toBe("same");
    expect([secret.current.version, secret.problem]).toEqual(["a", null]);
  });

  test("is replaced by what fits, and tells those who listen", async () => {
    const { secret, seen, put } = await start();
    put("b1");
    expect(await secret.look(1000)).toBe("replaced");
    expect([secret.current.version, seen]).toEqual(["b", ["b"]]);
    expect(await secret.look(2000)).toBe("same");
  });

  test("is the same when its files say the same in another way", async () => {
    const { secret, seen, files } = await start();
    files.texts.set("/one", "a3");
    expect(await secret.look(1000)).toBe("same");
    expect(seen).toEqual([]);
  });

  test("no longer tells who has closed", async () => {
    const { secret, put } = await start();
    const late: string[] = [];
    secret.onChange((p) => late.push(p.version)).close();
    put("b1");
    await secret.look(1000);
    expect(late).toEqual([]);
  });

  const steps: readonly (readonly [
    name: string,
    steps: readonly (readonly [put: string | null, two: string | null, now: number, want: Look])[],
    current: string,
    problem: string | null,
  ])[] = [
    [
      "of which one file is replaced after the other",
      [
        ["b1", "a2", 1000, "settling"],
        [null, null, 1500, "settling"],
        ["b1", "b2", 2000, "replaced"],
      ],
      "b",
      null,
    ],
    [
      "that never fits",
      [
        ["b1", "a2", 1000, "settling"],
        [null, null, 5999, "settling"],
        [null, null, 6000, "refused"],
        [null, null, 9000, "same"],
      ],
      "a",
      "mismatch",
    ],
    [
      "that fits after it was refused",
      [
        ["b1", "a2", 1000, "settling"],
        [null, null, 6000, "refused"],
        ["b1", "b2", 9000, "replaced"],
      ],
      "b",
      null,
    ],
    [
      "that is put back while it is waited for",
      [
        ["b1", "a2", 1000, "settling"],
        ["a1", "a2", 2000, "same"],
        [null, null, 9000, "same"],
      ],
      "a",
      null,
    ],
    [
      "that is put back after it was refused",
      [
        ["b1", "a2", 1000, "settling"],
        [null, null, 6000, "refused"],
        ["a1", "a2", 7000, "same"],
      ],
      "a",
      null,
    ],
    [
      "that is written anew while it is waited for",
      [
        ["b1", "a2", 1000, "settling"],
        ["c1", "a2", 5000, "settling"],
        [null, null, 7000, "settling"],
        [null, null, 10_000, "refused"],
      ],
      "a",
      "mismatch",
    ],
    [
      "that can't be read",
      [
        ["x1", "x2", 1000, "settling"],
        [null, null, 6000, "refused"],
      ],
      "a",
      "unreadable",
    ],
    [
      "that has expired, at once",
      [
        ["old1", "old2", 1000, "refused"],
        [null, null, 9000, "same"],
      ],
      "a",
      "expired",
    ],
    [
      "that is not good yet, until it is",
      [
        ["later1", "later2", 1000, "refused"],
        [null, null, 99_999, "same"],
        [null, null, 100_000, "replaced"],
      ],
      "later",
      null,
    ],
    [
      "when the clock is set back",
      [
        ["b1", "a2", 9000, "settling"],
        [null, null, 1000, "refused"],
      ],
      "a",
      "mismatch",
    ],
  ];
  for (const [name, taken, current, wrong] of steps)
    test(name, async () => {
      const { secret, put } = await start();
      for (const [one, two, now, want] of taken) {
        if (one !== null) put(one, two!);
        expect([now, await secret.look(now)]).toEqual([now, want]);
      }
      expect([secret.current.version, secret.problem?.kind ?? null]).toEqual([current, wrong]);
    });

  test("that is gone stays in use, and is told of", async () => {
    const { files, secret } = await start();
    files.texts.delete("/two");
    expect(await secret.look(1000)).toBe("settling");
    expect(await secret.look(6000)).toBe("refused");
    expect([secret.current.version, secret.problem?.message]).toEqual([
      "a",
      'make the file readable: reading "/two" failed: no such file',
    ]);
  });

  test("that is bad from the start is a problem", async () => {
    const files = new FakeSecretFiles();
    expect(await loadSecret({ label: "pair", paths: ["/one"], files, load }, 0)).toMatchObject({ kind: "unreadable" });
    files.texts.set("/one", "old1");
    expect(await loadSecret({ label: "pair", paths: ["/one"], files, load }, 0)).toMatchObject({ kind: "expired" });
  });
});
