import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentsNow } from "../../../../src/source/file/config_files.ts";
import { loadConfig } from "../../../../src/source/file/load_config.ts";
import { certificateFiles } from "../../../support/certificate_files.ts";
import { MINTED_AT } from "../../../support/mint.ts";

const directory = mkdtempSync(join(tmpdir(), "weir-config-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function lay(name: string, text: string): string {
  const path = join(directory, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const GOOD = "listeners: { web: { address: ':8080' } }\nroutes: [{ respond: { body: hi } }]\n";

describe("loadConfig", () => {
  test("names every file that it read or should have read, and where it looked for more", async () => {
    const main = lay("main.yaml", `include: [parts/a.yaml, "more/*.yaml", parts/none.yaml]\n${GOOD}`);
    const a = lay("parts/a.yaml", 'clusters: { app: { endpoints: ["127.0.0.1:1"], host: "${file:secret}" } }\n');
    const secret = lay("parts/secret", "example.com\n");
    const b = lay("more/b.yaml", "routes: [{ match: { path: /b }, to: app }]\n");
    const { files, directories, problems } = await loadConfig(main, {});
    expect([...files].sort()).toEqual([main, a, b, secret, join(directory, "parts/none.yaml")].sort());
    expect(directories).toEqual([join(directory, "more")]);
    expect(problems.map((p) => [p.severity, p.place?.file, p.place?.line])).toEqual([["error", main, 1]]);
  });

  test("a file that is not there is a problem, and is watched for", async () => {
    const path = join(directory, "absent.yaml");
    const { model, files, problems } = await loadConfig(path, {});
    expect([model, files, problems.length]).toEqual([null, [path], 1]);
    expect(problems[0]!.message).toContain("absent.yaml");
  });

  test("certificates are among the files only while they keep the config from being used", async () => {
    const made = certificateFiles();
    for (const name of ["site.pem", "site.key"]) lay(name, made.get(name)!);
    const text = `${GOOD}clusters: { app: { endpoints: ["a.example:443"], tls: { cert: site.pem, key: site.key } } }\n`;
    const path = lay("tls.yaml", text);
    const good = await loadConfig(path, {}, { now: MINTED_AT });
    expect([good.model === null, good.files]).toEqual([false, [path]]);
    lay("site.key", made.get("shop.key")!);
    const bad = await loadConfig(path, {}, { now: MINTED_AT });
    expect(bad.model).toBeNull();
    expect([...bad.files].sort()).toEqual([join(directory, "site.key"), join(directory, "site.pem"), path].sort());
    expect(await contentsNow(bad.files, bad.directories)).toBe(bad.contents);
    lay("site.key", made.get("site.key")!);
    expect(await contentsNow(bad.files, bad.directories)).not.toBe(bad.contents);
  });

  test("a file of endpoints is among the files only while it keeps the config from being used", async () => {
    const eps = lay("eps.yaml", "- 10.0.0.1:80\n");
    const path = lay("file.yaml", `${GOOD}clusters: { app: { endpointsFile: eps.yaml } }\n`);
    const good = await loadConfig(path, {});
    expect(good.model?.clusters.get("app")?.hosts).toEqual({ kind: "file", path: eps });
    expect(good.files).toEqual([path]);
    lay("eps.yaml", "- nowhere\n");
    const bad = await loadConfig(path, {});
    expect([bad.model, [...bad.files].sort()]).toEqual([null, [eps, path]]);
    expect(bad.problems.filter((p) => p.severity === "error").map((p) => p.place?.file)).toEqual([eps]);
    rmSync(eps);
    const none = await loadConfig(path, {});
    expect(none.model).not.toBeNull();
    expect(none.problems.map((p) => p.message).join()).toContain("make the file readable");
  });

  test("a directory is a problem", async () => {
    expect((await loadConfig(directory, {})).model).toBeNull();
  });

  test("a byte order mark and CRLF change nothing but the places of lines", async () => {
    const path = lay("windows.yaml", `\uFEFF${GOOD.replaceAll("\n", "\r\n")}routs: []\r\n`);
    const { problems } = await loadConfig(path, {});
    expect(problems.map((p) => [p.place?.line, p.place?.column, p.place?.text])).toEqual([[3, 1, "routs: []"]]);
  });

  test("paths of logs and sockets start at the directory of the config", async () => {
    const path = lay(
      "paths.yaml",
      `${GOOD}accessLog: { to: logs/a.log }\ncontrol: run/c.sock\nadmin: { address: "unix:a.sock" }\n`,
    );
    const { model } = await loadConfig(path, {});
    expect(model?.accessLogs[0]?.to).toEqual({ kind: "file", path: join(directory, "logs/a.log") });
    expect(model?.control).toBe(join(directory, "run/c.sock"));
    expect(model?.admin).toEqual({ kind: "unix", path: join(directory, "a.sock") });
  });

  test("the environment is the one that is given", async () => {
    const path = lay("env.yaml", GOOD.replace("hi", '"${WORD}"'));
    const { model } = await loadConfig(path, { WORD: "given" });
    const action = model?.routeTables.get("*")?.virtualHosts[0]?.routes[0]?.action;
    expect(action?.kind === "respond" ? new TextDecoder().decode(action.body) : "").toBe("given");
    expect((await loadConfig(path, {})).problems[0]?.message).toContain("WORD");
  });
});
