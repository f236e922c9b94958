import { describe, expect, test } from "bun:test";
import { addressText } from "../../../../../src/base/address.ts";
import { createMemoryPlatform } from "../../../../../src/platform/memory.ts";
import { EndpointsFile, openEndpoints } from "../../../../../src/source/file/endpoints/endpoints_file.ts";
import { RecordingLog } from "../../../upstream/fake_platform.ts";
import { cluster } from "../../../upstream/specs.ts";

const PATH = "/etc/weir/hosts.yaml";

function open(text: string | null) {
  const platform = createMemoryPlatform();
  const log = new RecordingLog();
  const told: string[] = [];
  const disk = { text, dir: "/etc/weir" };
  const files = {
    read: async () => disk.text ?? Promise.reject(new Error("ENOENT: no such file")),
    directoriesOf: async () => ["/etc/weir", disk.dir],
  };
  const source = new EndpointsFile({ platform, log, failed: () => {}, cluster: "web", random: () => 0 }, PATH, files);
  source.start({
    set: (all) => told.push(all.map((e) => addressText(e.address)).join(" ")),
    lacking: () => told.push("lacking"),
  });
  const write = async (next: string | null, dir = "/etc/weir"): Promise<void> => {
    disk.text = next;
    platform.touch(dir);
    await platform.advance(150);
  };
  return { platform, log, told, disk, source, write };
}

describe("a file of endpoints", () => {
  test("is told, and told again when it changes", async () => {
    const { platform, told, write } = open('- "10.0.0.1:80"\n');
    await platform.settled();
    expect(told).toEqual(["10.0.0.1:80"]);
    await write('- "10.0.0.2:80"\n');
    await write('- "10.0.0.2:80"\n');
    await write("[]\n");
    expect(told).toEqual(["10.0.0.1:80", "10.0.0.2:80", ""]);
  });

  test("with problems leaves what was there, and they are told once with their place", async () => {
    const { platform, told, log, write } = open('- "10.0.0.1:80"\n');
    await platform.settled();
    await write('- "10.0.0.1:80"\n- "nonsense"\n');
    expect(log.lines).toEqual([]);
    await platform.advance(100_000);
    expect(told).toEqual(["10.0.0.1:80"]);
    expect(log.lines.length).toBe(1);
    expect(log.lines[0]!.level).toBe("error");
    expect((log.lines[0]!.facts["problems"] as string[])[0]).toMatch(/^\/etc\/weir\/hosts\.yaml:2:3: change the value/);
    expect(log.lines[0]!.facts["kept"]).toBe(1);
    await write('- "10.0.0.3:80"\n');
    expect(told.at(-1)).toBe("10.0.0.3:80");
  });

  test("that is bad for a moment only is not told of", async () => {
    const { platform, told, log, write } = open('- "10.0.0.1:80"\n');
    await platform.settled();
    await write(null);
    await write('- "10.0.0.2:80"\n');
    await platform.advance(5_000);
    expect(told).toEqual(["10.0.0.1:80", "10.0.0.2:80"]);
    expect(log.lines.map((l) => l.level)).toEqual(["info"]);
  });

  test("that is not there at the start is not waited for, and heard when it comes", async () => {
    const { platform, told, log, write } = open(null);
    await platform.settled();
    expect(told).toEqual(["lacking"]);
    expect(log.lines.map((l) => l.level)).toEqual(["error"]);
    await write('- "10.0.0.1:80"\n');
    expect(told).toEqual(["lacking", "10.0.0.1:80"]);
  });

  test("behind a symlink is watched where it leads", async () => {
    const { platform, told, disk, write } = open('- "10.0.0.1:80"\n');
    await platform.advance(200);
    disk.dir = "/etc/weir/..2";
    await write('- "10.0.0.2:80"\n');
    await write('- "10.0.0.3:80"\n', "/etc/weir/..2");
    expect(told.at(-1)).toBe("10.0.0.3:80");
  });

  test("is watched no more after the close", async () => {
    const { platform, told, source, write } = open('- "10.0.0.1:80"\n');
    await platform.settled();
    source.close();
    await write('- "10.0.0.2:80"\n');
    await platform.advance(100_000);
    expect(told).toEqual(["10.0.0.1:80"]);
  });
});

test("other kinds of hosts have no such source", () => {
  const env = { platform: createMemoryPlatform(), log: new RecordingLog(), failed: () => {}, cluster: "web", random: () => 0 };
  expect(() => openEndpoints(cluster([]), env)).toThrow('give the cluster "web" a source');
});
