import { describe, expect, test } from "bun:test";
import { type Outgoing, readOutgoing } from "../../../src/handler/outgoing.ts";

const read = (input: string | Request, init: RequestInit = {}): Outgoing => readOutgoing(input, init, "/p", "client.example");
const text = (o: Outgoing): string => (o.body instanceof Uint8Array ? new TextDecoder().decode(o.body) : "");

describe("what a handler sends", () => {
  test("without a body", () => {
    const { head, body, signal } = read("cluster://a/p");
    expect([head.method, head.path, head.authority, head.contentLength, body, signal]).toEqual([
      "GET",
      "/p",
      "client.example",
      0,
      null,
      null,
    ]);
    expect(read("x", { method: "post" }).head.fields.get("content-length")).toBe("0");
    expect(read("x", { method: "Purge" }).head.method).toBe("Purge");
  });

  test("with bytes, whose length is known", () => {
    const o = read("x", { method: "PUT", body: "é", headers: { "content-length": "99", "x-a": "b" } });
    expect([text(o), o.head.contentLength, o.head.fields.get("content-length")]).toEqual(["é", 2, "2"]);
    expect(o.head.fields.get("content-type")).toBe("text/plain;charset=UTF-8");
    expect(o.head.fields.get("x-a")).toBe("b");
    const given = new Uint8Array([1, 2]);
    const bytes = read("x", { method: "PUT", body: given });
    given[0] = 9;
    expect([...(bytes.body as Uint8Array)]).toEqual([1, 2]);
  });

  test("with a stream, by chunks unless its length was promised", () => {
    const stream = (): ReadableStream => new ReadableStream();
    expect(read("x", { method: "POST", body: stream() }).head.contentLength).toBe(-1);
    const on = new Request("http://a/", {
      method: "POST",
      body: stream(),
      headers: { "content-length": "5", host: "h.example" },
      duplex: "half",
    } as RequestInit);
    for (const o of [read("x", on), read(on)]) {
      expect([o.head.method, o.head.contentLength, o.head.fields.get("content-length")]).toEqual(["POST", 5, "5"]);
      expect(o.head.authority).toBe("h.example");
      expect(o.body).toBeInstanceOf(ReadableStream);
    }
  });

  test("without what is a connection's or would be smuggled", () => {
    const { head } = read("x", {
      method: "POST",
      headers: { connection: "x-b, close", "x-b": "1", "transfer-encoding": "chunked", upgrade: "h2c", expect: "100-continue" },
      body: "a",
    });
    const names: string[] = [];
    head.fields.forEach((name) => {
      names.push(name.toLowerCase());
    });
    expect(names.sort()).toEqual(["content-length", "content-type"]);
    for (const method of ["CONNECT", "trace", "A B", ""]) expect(() => read("x", { method })).toThrow("change the method");
  });
});
