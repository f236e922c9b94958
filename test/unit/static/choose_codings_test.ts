import { describe, expect, test } from "bun:test";
import { chooseCodings } from "../../../src/static/choose_codings.ts";

describe("codings that a client takes (RFC 9110 12.5.3)", () => {
  const all = ["br", "zstd", "gzip"] as const;
  const rows: readonly [string | null, string][] = [
    [null, ""],
    ["", ""],
    ["gzip", "gzip"],
    ["gzip, br", "br gzip"],
    ["x-gzip", "gzip"],
    ["GZIP;Q=0.5, br;q=0.4", "gzip br"],
    ["*", "br zstd gzip"],
    ["*, br;q=0", "zstd gzip"],
    ["gzip;q=0", ""],
    ["identity, gzip;q=0.5", ""],
    ["identity;q=0.5, gzip", "gzip"],
    ["gzip;q=2", ""],
    ["deflate", ""],
  ];
  for (const [field, wanted] of rows)
    test(`${field}: ${wanted}`, () => {
      expect(chooseCodings(field, all).join(" ")).toBe(wanted);
    });
});
