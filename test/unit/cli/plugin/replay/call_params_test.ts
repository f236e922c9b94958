import { expect, test } from "bun:test";
import { callParams } from "../../../../../src/cli/plugin/replay/call_params.ts";

const usual = { x: 1, config: 0, deadlineMs: 9 };
const request = { method: "GET", scheme: "http", authority: "a.example", path: "/" };

test("a call has what is usual, and what is said instead", () => {
  expect(callParams("requestHead", {}, {}, 9)).toEqual({ ...usual, request, end: true });
  const said = { x: 2, request: { path: "/a" }, end: false };
  expect(callParams("requestHead", {}, said, 9)).toEqual({ ...usual, x: 2, request: { ...request, path: "/a" }, end: false });
  expect(callParams("responseHead", {}, { response: { status: 404 } }, 9)).toEqual({
    ...usual,
    response: { status: 404 },
    end: true,
  });
  expect(callParams("requestBody", {}, { text: "a" }, 9)).toEqual({ ...usual, text: "a" });
});

test("a phase is sent the fields and attributes that it asks for", () => {
  const said = {
    request: {
      fields: [
        ["a", "1"],
        ["b", "2"],
      ],
    },
    attributes: { route: "r", listener: "l" },
  };
  const sent = (phase: Record<string, unknown>): unknown => {
    const p = callParams("requestHead", phase, said, 9) as { request: { fields?: unknown }; attributes: unknown };
    return [p.request.fields, p.attributes];
  };
  expect(sent({})).toEqual([undefined, {}]);
  expect(sent({ fields: ["b"], attributes: ["route"] })).toEqual([[["b", "2"]], { route: "r" }]);
  expect(sent({ fields: "*" })).toEqual([said.request.fields, {}]);
});
