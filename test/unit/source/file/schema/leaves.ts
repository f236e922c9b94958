import type { Leaf, LeafFacts } from "../../../../../src/source/file/schema/leaf.ts";

/** What a leaf says of a value that it refuses; null when it takes it. */
export function refusal(leaf: Leaf<unknown>, value: unknown): { message: string; wanted: string; hint: string } | null {
  const result = leaf.safeParse(value);
  if (result.success) return null;
  const issue = result.error.issues[0]!;
  const facts = (issue.code === "custom" ? (issue.params as LeafFacts | undefined) : undefined) ?? {};
  return { message: issue.message, wanted: facts.wanted ?? "", hint: facts.hint ?? "" };
}
