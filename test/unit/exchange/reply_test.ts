import { describe, expect, test } from "bun:test";
import { encodeLatin1 } from "../../../src/base/bytes.ts";
import { downstreamFault, localFault } from "../../../src/base/error.ts";
import { errorReply, httpDate, makeReply } from "../../../src/exchange/reply.ts";
import type { Reply } from "../../../src/filter/types.ts";

const WALL = Date.UTC(2030, 0, 2, 3, 4, 5, 678);

function shown(r: Reply): string[] {
  const out: string[] = [];
  r.head.fields.forEach((name, value) => {
    out.push(`${name}: ${value}`);
  });
  return out;
}

test("Date is in IMF-fixdate, a new one each second (RFC 9110 5.6.7)", () => {
  expect(httpDate(WALL)).toBe("Wed, 02 Jan 2030 03:04:05 GMT");
  expect(httpDate(WALL + 321)).toBe("Wed, 02 Jan 2030 03:04:05 GMT");
  expect(httpDate(WALL + 322)).toBe("Wed, 02 Jan 2030 03:04:06 GMT");
  expect(httpDate(WALL)).toBe("Wed, 02 Jan 2030 03:04:05 GMT");
});

describe("replies of Weir's own", () => {
  test("with a body", () => {
    const r = makeReply(200, encodeLatin1("hello"), "text/plain", WALL);
    expect(shown(r)).toEqual(["Date: Wed, 02 Jan 2030 03:04:05 GMT", "Content-Length: 5", "Content-Type: text/plain"]);
    expect(r.head).toMatchObject({ status: 200, contentLength: 5 });
  });

  test("without one have a length all the same", () => {
    expect(shown(makeReply(302, new Uint8Array(0), "text/plain", WALL))).toEqual([
      "Date: Wed, 02 Jan 2030 03:04:05 GMT",
      "Content-Length: 0",
    ]);
  });

  for (const status of [204, 304]) {
    test(`${status} has neither (RFC 9110 8.6)`, () => {
      const r = makeReply(status, encodeLatin1("no"), null, WALL);
      expect(shown(r)).toEqual(["Date: Wed, 02 Jan 2030 03:04:05 GMT"]);
      expect(r.body).toHaveLength(0);
      expect(r.head.contentLength).toBe(0);
    });
  }

  test("an error tells its status and nothing of the inside", () => {
    const r = errorReply(localFault("internal", 500, "secret at /etc/shadow", new Error("cause")), WALL);
    expect(Buffer.from(r.body).toString()).toBe("500 Internal Server Error\n");
    expect(shown(r)).toEqual([
      "Date: Wed, 02 Jan 2030 03:04:05 GMT",
      "Content-Length: 26",
      "Content-Type: text/plain; charset=utf-8",
    ]);
  });

  test("503 says when to come again", () => {
    expect(shown(errorReply(localFault("overflow", 503, "x"), WALL))).toContain("Retry-After: 1");
    expect(shown(errorReply(downstreamFault("badRequest", 400, "x"), WALL))).not.toContain("Retry-After: 1");
  });

  test("405 says which methods there are (RFC 9110 15.5.6)", () => {
    expect(shown(errorReply(localFault("upgradeRefused", 405, "x"), WALL))).toContain(
      "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    );
  });

  test("replies of one status do not share their fields", () => {
    const e = localFault("noRoute", 404, "x");
    const first = errorReply(e, WALL);
    first.head.fields.add("X", "y");
    expect(shown(errorReply(e, WALL))).not.toContain("X: y");
  });
});
