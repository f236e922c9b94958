import { describe, expect, test } from "bun:test";
import { readEndpointsFile } from "../../../../src/source/file/endpoints_file.ts";

describe("a file of endpoints", () => {
  test("is a list as it would stand in the config", () => {
    const text = `# hosts\n- 10.0.0.1:80\n- { address: "App.Internal:8080", weight: 3, metadata: { version: v2 }, zone: a, priority: 1 }\n- unix:app.sock\n`;
    expect(readEndpointsFile(text, "/etc/weir/eps.yaml")).toEqual({
      endpoints: [
        { address: { kind: "tcp", host: "10.0.0.1", port: 80 }, weight: 1, metadata: new Map(), zone: "", priority: 0 },
        {
          address: { kind: "tcp", host: "app.internal", port: 8080 },
          weight: 3,
          metadata: new Map([["version", "v2"]]),
          zone: "a",
          priority: 1,
        },
        { address: { kind: "unix", path: "/etc/weir/app.sock" }, weight: 1, metadata: new Map(), zone: "", priority: 0 },
      ],
      problems: [],
    });
  });

  test("may be JSON, and empty", () => {
    expect(readEndpointsFile('\uFEFF["10.0.0.1:80"]', "eps.json").endpoints?.length).toBe(1);
    expect(readEndpointsFile("[]", "eps.json")).toEqual({ endpoints: [], problems: [] });
  });

  const bad: readonly [string, string, number][] = [
    ["nothing", "", 1],
    ["a map", "endpoints: []\n", 1],
    ["an address that is none", "- 10.0.0.1:80\n- 10.0.0.2\n", 2],
    ["an unknown key", '- { address: "10.0.0.1:80", wieght: 2 }\n', 1],
    ["broken YAML", "- [\n", 2],
    ["half a JSON text", '["10.0.0.1:80",', 1],
  ];
  for (const [what, text, line] of bad)
    test(`with ${what} is refused whole, and its place is told`, () => {
      const { endpoints, problems } = readEndpointsFile(text, "eps.yaml");
      expect(endpoints).toBeNull();
      expect(problems.length).toBeGreaterThan(0);
      expect([problems[0]!.severity, problems[0]!.place?.file, problems[0]!.place?.line]).toEqual(["error", "eps.yaml", line]);
    });
});
