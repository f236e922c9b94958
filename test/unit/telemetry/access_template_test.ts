import { describe, expect, test } from "bun:test";
import { ACCESS_FIELDS, DEFAULT_JSON_FIELDS, DEFAULT_TEXT_TEMPLATE } from "../../../src/telemetry/access_fields.ts";
import { checkAccessField, parseAccessTemplate } from "../../../src/telemetry/access_template.ts";

describe("templates", () => {
  test.each([
    ["", [""], []],
    ["plain", ["plain"], []],
    ["{method}", ["", ""], ["method"]],
    ["a{method}b{path}c", ["a", "b", "c"], ["method", "path"]],
    ["{{{method}}}", ["{", "}"], ["method"]],
    ["{{method}}", ["{method}"], []],
    ["{request.header.X-Y}", ["", ""], ["request.header.X-Y"]],
  ])("%p", (template, literals, names) => {
    expect(parseAccessTemplate(template)).toEqual({ literals, names, problems: [] });
  });

  test.each([
    ["{method", 0, 1, 'close or double the brace: found a single "{", wanted "{name}", or "{{" for the brace itself'],
    ["a } b", 2, 1, 'close or double the brace: found a single "}", wanted "}}" for the brace itself'],
    ["{method}}", 8, 1, 'close or double the brace: found a single "}", wanted "}}" for the brace itself'],
    ["{path}\n", 6, 1, "remove the line break from the template: found one at character 7, wanted one line"],
    ["x {} y", 2, 2, /^use a field of the access log: found "", wanted one of time, /],
    [
      "{request.header.}",
      0,
      17,
      'name a header field: found "request.header.", wanted a field name such as "request.header.user-agent"',
    ],
  ])("%p is refused where it stands", (template, at, length, message) => {
    const { problems } = parseAccessTemplate(template);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ at, length });
    if (typeof message === "string") expect(problems[0]!.message).toBe(message);
    else expect(problems[0]!.message).toMatch(message);
  });

  test("every problem is told", () => {
    expect(parseAccessTemplate("{statos} } {rute} {").problems.map((p) => p.hint)).toEqual([
      'did you mean "status"?',
      "",
      'did you mean "route"?',
      "",
    ]);
  });
});

describe("names", () => {
  test("of the defaults are fields", () => {
    expect(parseAccessTemplate(DEFAULT_TEXT_TEMPLATE).problems).toEqual([]);
    expect(DEFAULT_JSON_FIELDS.map(checkAccessField)).toEqual(DEFAULT_JSON_FIELDS.map(() => null));
  });

  test("of the model's records and of other proxies get a hint where one is near", () => {
    expect(["pth", "durationMs", "remoteAddress", "constructor", "__proto__"].map((n) => checkAccessField(n)!.hint)).toEqual([
      'did you mean "path"?',
      'did you mean "duration_ms"?',
      'did you mean "remote_address"?',
      "",
      "",
    ]);
  });

  test("are told apart and described", () => {
    expect(new Set(ACCESS_FIELDS.map((f) => f.name)).size).toBe(ACCESS_FIELDS.length);
    for (const f of ACCESS_FIELDS) expect(f.description).toMatch(/[^.]$/);
  });
});
