import { describe, expect, test } from "bun:test";
import { addressText } from "../../../../src/base/address.ts";
import { createMemoryPlatform } from "../../../../src/platform/memory.ts";
import type { EndpointWatch } from "../../../../src/plugin/endpoints/endpoint_watches.ts";
import { PluginEndpoints } from "../../../../src/plugin/endpoints/plugin_endpoints.ts";
import { readDialAddress } from "../../../../src/source/file/schema/address.ts";
import { RecordingLog } from "../../upstream/fake_platform.ts";

class Scene {
  readonly platform = createMemoryPlatform();
  readonly log = new RecordingLog();
  readonly told: string[] = [];
  failures = 0;
  watch: EndpointWatch | null = null;
  readonly source: PluginEndpoints;

  constructor() {
    const failed = (): void => {
      this.failures++;
    };
    const env = { platform: this.platform, log: this.log, failed, cluster: "api", random: () => 0 };
    const open = (plugin: string, watch: EndpointWatch) => {
      expect(plugin).toBe("p");
      this.watch = watch;
      return {
        close: () => {
          this.watch = null;
        },
      };
    };
    this.source = new PluginEndpoints(env, { plugin: "p", config: { a: 1 } }, open, readDialAddress);
    this.source.start({
      set: (all) => this.told.push(all.map((e) => addressText(e.address)).join(" ")),
      lacking: () => this.told.push("lacking"),
    });
  }

  tell(...addresses: string[]): void {
    this.watch!.told(addresses.map((address) => ({ address })));
  }
}

describe("endpoints that a plugin tells", () => {
  test("are asked for with the cluster and its settings, and told whole", () => {
    const s = new Scene();
    expect([s.watch!.cluster, s.watch!.config]).toEqual(["api", '{"a":1}']);
    s.tell("10.0.0.1:80");
    s.tell("10.0.0.2:80", "10.0.0.3:80");
    s.tell();
    expect(s.told).toEqual(["10.0.0.1:80", "10.0.0.2:80 10.0.0.3:80", ""]);
    expect(s.log.lines.map((l) => l.facts["endpoints"])).toEqual([2, 0]);
  });

  test("that are told again are no change", () => {
    const s = new Scene();
    s.tell("10.0.0.1:80");
    s.tell("10.0.0.1:80");
    expect([s.told, s.log.lines.length]).toEqual([["10.0.0.1:80"], 0]);
  });

  test("that are wrong are refused whole and told once, and those before stay", () => {
    const s = new Scene();
    s.tell("10.0.0.1:80");
    for (let i = 0; i < 3; i++) s.tell("10.0.0.2:80", "nonsense");
    expect([s.told, s.failures]).toEqual([["10.0.0.1:80"], 3]);
    expect(s.log.lines.length).toBe(1);
    expect(s.log.lines[0]!.facts).toMatchObject({ cluster: "api", plugin: "p", kept: 1 });
    expect((s.log.lines[0]!.facts["problems"] as string[])[0]).toStartWith("endpoints.1.address: ");
    s.tell("10.0.0.2:80");
    s.tell("nonsense");
    expect([s.told.at(-1), s.log.lines.map((l) => l.level)]).toEqual(["10.0.0.2:80", ["error", "info", "error"]]);
  });

  test("are waited for 10 seconds at the start", async () => {
    const s = new Scene();
    await s.platform.advance(9_999);
    expect(s.told).toEqual([]);
    await s.platform.advance(1);
    expect([s.told, s.failures, s.log.lines.length]).toEqual([["lacking"], 1, 1]);
    s.tell("10.0.0.1:80");
    await s.platform.advance(60_000);
    expect(s.told).toEqual(["lacking", "10.0.0.1:80"]);
  });

  test("are waited for no longer when the first list is wrong", async () => {
    const s = new Scene();
    s.tell("nonsense");
    await s.platform.advance(60_000);
    expect([s.told, s.failures]).toEqual([["lacking"], 1]);
  });

  test("are not heard of after the end", async () => {
    const s = new Scene();
    const { watch } = s;
    s.source.close();
    expect(s.watch).toBe(null);
    watch!.told([{ address: "10.0.0.1:80" }]);
    await s.platform.advance(60_000);
    expect([s.told, s.log.lines.length]).toEqual([[], 0]);
  });
});
