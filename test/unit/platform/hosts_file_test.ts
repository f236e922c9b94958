import { describe, expect, test } from "bun:test";
import { addressesIn } from "../../../src/platform/hosts_file.ts";

const FILE = `# a comment
127.0.0.1   localhost loopback
::1 localhost ip6-localhost
10.0.0.5\tDB.example.com db # the database
10.0.0.6 db
10.0.0.5 db
fe80::1%lo0 localhost

`;

describe("hosts file", () => {
  test("gives a name's addresses of one family, each once, in their order", () => {
    expect(addressesIn(FILE, "db", 4)).toEqual(["10.0.0.5", "10.0.0.6"]);
    expect(addressesIn(FILE, "localhost", 4)).toEqual(["127.0.0.1"]);
    expect(addressesIn(FILE, "localhost", 6)).toEqual(["::1"]);
  });
  test("compares names without case and without the root's dot", () => {
    expect(addressesIn(FILE, "db.EXAMPLE.com.", 4)).toEqual(["10.0.0.5"]);
  });
  test("takes no name from a comment and no part of a name", () => {
    expect(addressesIn(FILE, "database", 4)).toEqual([]);
    expect(addressesIn(FILE, "d", 4)).toEqual([]);
    expect(addressesIn(FILE, "10.0.0.5", 4)).toEqual([]);
  });
});
