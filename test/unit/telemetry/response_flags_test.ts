import { expect, test } from "bun:test";
import { ERROR_CODES, errorCell, flagOf, RESPONSE_FLAGS } from "../../../src/telemetry/response_flags.ts";

test("every error code has a flag and a meaning, and a cell of its own", () => {
  for (const code of ERROR_CODES) {
    expect(flagOf(code)).toMatch(/^[A-Z]{2,3}$/);
    expect(RESPONSE_FLAGS[code].meaning).toMatch(/^[A-Z].*[^.]$/);
  }
  expect(ERROR_CODES.map(errorCell)).toEqual(ERROR_CODES.map((_, i) => i));
});

test("flags that Envoy has mean what they mean there", () => {
  const flags = (
    ["connectRefused", "upstreamClosed", "responseTimeout", "noHost", "noRoute", "overflow", "upstreamReset"] as const
  ).map(flagOf);
  expect(flags).toEqual(["UF", "UC", "UT", "UH", "NR", "UO", "UR"]);
  expect((["clientClosed", "upstreamProtocol", "streamIdleTimeout", "badRequest", "noCluster"] as const).map(flagOf)).toEqual([
    "DC",
    "UPE",
    "SI",
    "DPE",
    "NC",
  ]);
});
