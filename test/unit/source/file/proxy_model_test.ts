import { describe, expect, test } from "bun:test";
import { type ProxyWishes, proxyModel } from "../../../../src/source/file/proxy_model.ts";

const PLAIN: ProxyWishes = { from: [":8080"], to: ["127.0.0.1:3000"], admin: null, accessLog: null, control: null, host: "pass" };

describe("proxyModel", () => {
  test("sends everything to the endpoints, and has no admin address", async () => {
    const { model, problems } = await proxyModel({ ...PLAIN, from: [":8080", "[::1]:8081"], to: ["127.0.0.1:3000", "app:80"] });
    expect(problems).toEqual([]);
    expect([...model!.listeners.keys()]).toEqual(["proxy", "proxy-2"]);
    expect(model!.clusters.get("upstream")?.endpoints.map((e) => e.address)).toEqual([
      { kind: "tcp", host: "127.0.0.1", port: 3000 },
      { kind: "tcp", host: "app", port: 80 },
    ]);
    expect([model!.admin, model!.accessLogs]).toEqual([null, []]);
  });

  test("has what is asked for", async () => {
    const { model } = await proxyModel({
      ...PLAIN,
      admin: "127.0.0.1:9901",
      accessLog: "stderr",
      control: "/run/x.sock",
      host: "endpoint",
    });
    expect(model!.admin).toEqual({ kind: "tcp", host: "127.0.0.1", port: 9901 });
    expect(model!.accessLogs[0]?.to).toEqual({ kind: "stderr" });
    expect(model!.control).toBe("/run/x.sock");
    expect(model!.clusters.get("upstream")?.host).toEqual({ kind: "endpoint" });
  });

  test("tells each option that is wrong", async () => {
    const { model, problems } = await proxyModel({ ...PLAIN, from: ["8080"], to: ["http://a/"], admin: "x", host: "*" });
    expect(model).toBeNull();
    expect(problems.map((p) => p.path).sort()).toEqual([
      "admin.address",
      "clusters.upstream.endpoints[0]",
      "clusters.upstream.host",
      "listeners.proxy.address",
    ]);
  });

  test("takes the words as they are", async () => {
    const { model } = await proxyModel({ ...PLAIN, accessLog: "/tmp/${HOME}.log" });
    expect(model!.accessLogs[0]?.to).toEqual({ kind: "file", path: "/tmp/${HOME}.log" });
  });
});
