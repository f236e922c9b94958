import { describe, expect, test } from "bun:test";
import { nameText } from "../../../../src/tls/x509/distinguished_name.ts";
import { bytes, type Der, distinguishedName, objectId, sequence, tlv } from "../../../support/mint.ts";

const CN = "2.5.4.3";
const UTF8 = 0x0c;
const PRINTABLE = 0x13;

const rows: readonly (readonly [name: string, rule: string, der: Der, want: string])[] = [
  ["an empty name", "2.1", sequence(), ""],
  [
    "the last part first",
    "2.1",
    distinguishedName(["2.5.4.6", PRINTABLE, "DE"], ["2.5.4.10", UTF8, "Org"], [CN, UTF8, "a"]),
    "CN=a,O=Org,C=DE",
  ],
  [
    "parts with several values",
    "2.2",
    sequence(tlv(0x31, attribute(CN, UTF8, "a"), attribute("2.5.4.10", UTF8, "b"))),
    "CN=a+O=b",
  ],
  ["special characters", "2.4", distinguishedName([CN, UTF8, 'a,b+c"d\\e<f>g;h=i']), 'CN=a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h=i'],
  [
    "spaces and # at the edges",
    "2.4",
    distinguishedName([CN, UTF8, "#a "], [CN, UTF8, " b#"], [CN, UTF8, " "]),
    "CN=\\ ,CN=\\ b#,CN=\\#a\\ ",
  ],
  ["control characters", "2.4", distinguishedName([CN, UTF8, "a\r\nb\0"]), "CN=a\\0D\\0Ab\\00"],
  ["UTF-8", "2.4", distinguishedName([CN, UTF8, "\xc3\xbc"]), "CN=\\C3\\BC"],
  ["Latin-1 in a T61String", "2.4", distinguishedName([CN, 0x14, "\xfc"]), "CN=\\C3\\BC"],
  ["a BMPString", "2.4", distinguishedName([CN, 0x1e, "\0a\0\xfc"]), "CN=a\\C3\\BC"],
  ["half a BMPString", "2.4", distinguishedName([CN, 0x1e, "\0a\0"]), "CN=#1e03006100"],
  ["a UniversalString", "2.4", distinguishedName([CN, 0x1c, "\0\0\0a"]), "CN=a"],
  ["another type", "2.4", distinguishedName([CN, 0x02, "\x05"]), "CN=#020105"],
  ["an unknown attribute", "2.3", distinguishedName(["1.2.3.4", UTF8, "a"]), "1.2.3.4=#0c0161"],
  [
    "mail, user and domain",
    "3",
    distinguishedName(
      ["0.9.2342.19200300.100.1.25", 0x16, "org"],
      ["0.9.2342.19200300.100.1.1", UTF8, "u"],
      ["1.2.840.113549.1.9.1", 0x16, "a@b"],
    ),
    "emailAddress=a@b,UID=u,DC=org",
  ],
  ["what is no name", "", bytes("no name"), ""],
];

function attribute(oid: string, tag: number, text: string): Der {
  return sequence(objectId(oid), tlv(tag, bytes(text)));
}

describe("a distinguished name as text:", () => {
  for (const [name, rule, der, want] of rows)
    test(`${name} (RFC 4514 ${rule})`, () => {
      expect(nameText(der)).toBe(want);
      expect(nameText(der)).toMatch(/^[\x20-\x7e]*$/);
    });
});
