import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { addressText } from "../../../src/base/address.ts";
import { authorityOf, ipFamily, type UpstreamHost } from "../../../src/upstream/host.ts";
import { type HostDraft, reconcile } from "../../../src/upstream/host_set.ts";
import { address, endpoint } from "./specs.ts";

function draft(at: string, weight = 1, behind: readonly string[] = [at]): HostDraft {
  return { endpoint: endpoint(at, { weight }), addresses: behind.map(address) };
}

describe("labels of addresses", () => {
  test.each([
    ["10.0.0.1:80", "10.0.0.1:80", "10.0.0.1:80"],
    ["[2001:db8::1]:80", "[2001:db8::1]:80", "[2001:db8::1]:80"],
    ["app.test:80", "app.test:80", "app.test:80"],
    ["unix:/run/a.sock", "unix:/run/a.sock", "localhost"],
    ["unix:\0name", "unix:@name", "localhost"],
  ])("%j", (at, label, authority) => {
    expect(addressText(address(at))).toBe(label);
    expect(authorityOf(address(at))).toBe(authority);
  });

  test("families of literals and names", () => {
    expect(["10.0.0.1", "::1", "::ffff:10.0.0.1", "fe80::1%eth0"].map(ipFamily)).toEqual([4, 6, 6, 6]);
    expect(["app.test", "localhost", "10.0.0", "1.2.3.4.in-addr.arpa", ""].map(ipFamily)).toEqual([0, 0, 0, 0, 0]);
  });
});

describe("reconciling hosts", () => {
  test("nothing before, nothing after: no change", () => {
    expect(reconcile([], [])).toEqual({ hosts: [], gone: [], changed: false });
  });

  test("the same drafts keep objects and order, and are no change", () => {
    const drafts = [draft("10.0.0.1:80"), draft("10.0.0.2:80", 5)];
    const { hosts } = reconcile([], drafts);
    hosts[0]!.active = 3;
    const again = reconcile(hosts, [draft("10.0.0.1:80"), draft("10.0.0.2:80", 5)]);
    expect(again.hosts[0]).toBe(hosts[0]!);
    expect(again.hosts[1]).toBe(hosts[1]!);
    expect(again.changed).toBe(false);
    expect(hosts[0]!.active).toBe(3);
  });

  test("weight, zone, priority and metadata each are a change that keeps the object", () => {
    const { hosts } = reconcile([], [draft("10.0.0.1:80")]);
    for (const more of [{ weight: 2 }, { zone: "a" }, { priority: 1 }, { metadata: new Map([["k", "v"]]) }]) {
      const { hosts: before } = reconcile(hosts, [draft("10.0.0.1:80")]);
      const next = reconcile(before, [{ endpoint: endpoint("10.0.0.1:80", more), addresses: [address("10.0.0.1:80")] }]);
      expect(next.changed).toBe(true);
      expect(next.hosts[0]).toBe(hosts[0]!);
      expect(next.hosts[0]!.endpoint).toMatchObject(more);
      expect(next.gone).toEqual([]);
    }
  });

  test("metadata with other values under as many keys is a change", () => {
    const at = (v: string) => ({ ...draft("10.0.0.1:80"), endpoint: endpoint("10.0.0.1:80", { metadata: new Map([["k", v]]) }) });
    const { hosts } = reconcile([], [at("a")]);
    expect(reconcile(hosts, [at("a")]).changed).toBe(false);
    expect(reconcile(hosts, [at("b")]).changed).toBe(true);
  });

  test("the same address behind another name, and another second address, are other hosts", () => {
    const { hosts } = reconcile([], [draft("a.test:80", 1, ["10.0.0.1:80"]), draft("b.test:80", 1, ["[::1]:80", "10.0.0.2:80"])]);
    const next = reconcile(hosts, [draft("c.test:80", 1, ["10.0.0.1:80"]), draft("b.test:80", 1, ["[::1]:80", "10.0.0.3:80"])]);
    expect(next.gone).toEqual([...hosts]);
    expect(next.hosts.some((h) => hosts.includes(h))).toBe(false);
  });

  test("model: over any edits, hosts are the drafts, and what both sides name stays", () => {
    const places = ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80", "[::1]:80", "unix:/a"];
    const set = fc.array(fc.tuple(fc.constantFrom(...places), fc.nat(3)), { maxLength: 8 });
    fc.assert(
      fc.property(fc.array(set, { maxLength: 8 }), (edits) => {
        let hosts: readonly UpstreamHost[] = [];
        for (const edit of edits) {
          const before = hosts;
          const shown = before.map((h) => `${h.label} ${h.endpoint.weight}`);
          const change = reconcile(
            before,
            edit.map(([at, weight]) => draft(at, weight)),
          );
          hosts = change.hosts;
          expect(hosts.map((h) => `${h.label} ${h.endpoint.weight}`)).toEqual(edit.map(([at, w]) => `${at} ${w}`));
          expect(new Set(hosts).size).toBe(hosts.length);
          for (const at of places) {
            const was = before.filter((h) => h.label === at).length;
            const is = hosts.filter((h) => h.label === at);
            expect(is.filter((h) => before.includes(h)).length).toBe(Math.min(was, is.length));
          }
          expect(new Set(change.gone)).toEqual(new Set(before.filter((h) => !hosts.includes(h))));
          const same = shown.join() === hosts.map((h) => `${h.label} ${h.endpoint.weight}`).join();
          if (!same) expect(change.changed).toBe(true);
          if (same && hosts.every((h, i) => h === before[i])) expect(change.changed).toBe(false);
        }
      }),
    );
  });
});
