import { z } from "zod";

const kinds = {
  grpcWeb: z.strictObject({}).optional().describe("gRPC-Web of browsers, binary and text, becomes gRPC"),
};

/** One item of `filters`: one kind with its settings. */
export const filterSchema = z.strictObject(kinds);

export const FILTER_KINDS: readonly string[] = Object.keys(kinds);

export type FilterConfig = z.output<typeof filterSchema>;
