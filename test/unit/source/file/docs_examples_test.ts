import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { z } from "zod";
import { clusterSchema } from "../../../../src/source/file/schema/cluster.ts";
import { configSchema } from "../../../../src/source/file/schema/config.ts";
import { routeSchema } from "../../../../src/source/file/schema/route.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "..", "..", "docs", "traffic.md"), "utf8");
/** A key is of one of these. */
const SHAPES: readonly Readonly<Record<string, z.ZodType>>[] = [configSchema.shape, clusterSchema.shape, routeSchema.shape];

describe("an example of docs/traffic.md is taken:", () => {
  const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map((m) => m[1]!);
  // A block may show several ways to write one key.
  const entries = blocks.flatMap((block) => block.split(/\n(?=\S)/)).filter((entry) => entry.trim() !== "");
  test("there are examples", () => expect(entries.length).toBeGreaterThan(20));
  for (const entry of entries)
    test(entry.split("\n")[0]!, () => {
      const [key, value] = Object.entries(parse(entry) as Record<string, unknown>)[0]!;
      const schema = SHAPES.find((shape) => key in shape)?.[key];
      expect(schema).toBeDefined();
      expect(schema!.safeParse(value).error?.issues ?? []).toEqual([]);
    });
});
