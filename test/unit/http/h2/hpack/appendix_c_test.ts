import { describe, expect, test } from "bun:test";
import { HpackDecoder } from "../../../../../src/http/h2/hpack/decoder.ts";
import type { BlockKind } from "../../../../../src/http/h2/hpack/header_block.ts";
import { entriesOf } from "./entries.ts";
import { bytesOf } from "./hex.ts";
import { readBlock } from "./read_block.ts";

interface Step {
  readonly section: string;
  readonly hex: string;
  readonly lines: readonly string[];
  readonly table: readonly string[];
  readonly size: number;
}

const SINGLE: readonly Step[] = [
  {
    section: "C.2.1: literal with indexing",
    hex: "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
    lines: ["custom-key: custom-header"],
    table: ["custom-key: custom-header"],
    size: 55,
  },
  {
    section: "C.2.2: literal without indexing",
    hex: "040c 2f73 616d 706c 652f 7061 7468",
    lines: [":path: /sample/path"],
    table: [],
    size: 0,
  },
  {
    section: "C.2.3: literal never indexed",
    hex: "1008 7061 7373 776f 7264 0673 6563 7265 74",
    lines: ["password: secret"],
    table: [],
    size: 0,
  },
  { section: "C.2.4: indexed", hex: "82", lines: [":method: GET"], table: [], size: 0 },
];

const FIRST = [":method: GET", ":scheme: http", ":authority: www.example.com", ":path: /"];
const THIRD = [":method: GET", ":scheme: https", ":authority: www.example.com", ":path: /index.html", "custom-key: custom-value"];
const REQUEST_TABLES = [
  [":authority: www.example.com"],
  ["cache-control: no-cache", ":authority: www.example.com"],
  ["custom-key: custom-value", "cache-control: no-cache", ":authority: www.example.com"],
];

function requests(section: string, hex: readonly string[]): Step[] {
  const lines = [FIRST, [...FIRST, "cache-control: no-cache"], THIRD];
  return hex.map((h, i) => ({
    section: `${section}.${i + 1}`,
    hex: h,
    lines: lines[i]!,
    table: REQUEST_TABLES[i]!,
    size: [57, 110, 164][i]!,
  }));
}

const DATE_21 = "date: Mon, 21 Oct 2013 20:13:21 GMT";
const DATE_22 = "date: Mon, 21 Oct 2013 20:13:22 GMT";
const LOCATION = "location: https://www.example.com";
const PRIVATE = "cache-control: private";
const GZIP = "content-encoding: gzip";
const COOKIE = "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";

function responses(section: string, hex: readonly string[]): Step[] {
  const lines = [
    [":status: 302", PRIVATE, DATE_21, LOCATION],
    [":status: 307", PRIVATE, DATE_21, LOCATION],
    [":status: 200", PRIVATE, DATE_22, LOCATION, GZIP, COOKIE],
  ];
  const tables = [
    [LOCATION, DATE_21, PRIVATE, ":status: 302"],
    [":status: 307", LOCATION, DATE_21, PRIVATE],
    [COOKIE, GZIP, DATE_22],
  ];
  return hex.map((h, i) => ({
    section: `${section}.${i + 1}`,
    // The examples have SETTINGS_HEADER_TABLE_SIZE at 256; a peer that knows of it says so at the first block.
    hex: i === 0 ? `3fe101${h}` : h,
    lines: lines[i]!,
    table: tables[i]!,
    size: [222, 222, 215][i]!,
  }));
}

function check(title: string, kind: BlockKind, tableBytes: number, steps: readonly Step[]): void {
  describe(title, () => {
    const decoder = new HpackDecoder(tableBytes);
    for (const step of steps) {
      test(step.section, () => {
        expect(readBlock(bytesOf(step.hex), kind, decoder)).toEqual({ result: 0, fault: 0, lines: step.lines });
        expect(entriesOf(decoder.table)).toEqual([...step.table]);
        expect(decoder.table.size).toBe(step.size);
      });
    }
  });
}

for (const step of SINGLE) check("RFC 7541 appendix C.2", "request", 4096, [step]);
check(
  "RFC 7541 appendix C.3: requests without Huffman coding",
  "request",
  4096,
  requests("C.3", [
    "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
    "8286 84be 5808 6e6f 2d63 6163 6865",
    "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
  ]),
);
check(
  "RFC 7541 appendix C.4: requests with Huffman coding",
  "request",
  4096,
  requests("C.4", [
    "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
    "8286 84be 5886 a8eb 1064 9cbf",
    "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
  ]),
);
check(
  "RFC 7541 appendix C.5: responses without Huffman coding",
  "response",
  256,
  responses("C.5", [
    `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768
     7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
    "4803 3330 37c1 c0bf",
    `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153
     444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e
     3d31`,
  ]),
);
check(
  "RFC 7541 appendix C.6: responses with Huffman coding",
  "response",
  256,
  responses("C.6", [
    `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8
     e9ae 82ae 43d3`,
    "4883 640e ffc1 c0bf",
    `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b
     3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
  ]),
);
