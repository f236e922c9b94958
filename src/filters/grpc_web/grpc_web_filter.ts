import { localFault } from "../../base/error.ts";
import { forgetLength } from "../../filter/body_length.ts";
import type { BodyOut, Filter, FilterExchange } from "../../filter/types.ts";
import type { Fields } from "../../http/fields.ts";
import { isGrpc } from "../../http/grpc/content_type.ts";
import type { ResponseHead } from "../../http/head.ts";
import { Base64Reader } from "./base64_reader.ts";
import { encodeBase64 } from "./encode_base64.ts";
import { encodeTrailerFrame } from "./trailer_frame.ts";
import { type WebType, wantsText } from "./web_type.ts";

const BAD_BASE64 = localFault("badRequest", 400, "the body is no base64 (grpc/doc/PROTOCOL-WEB.md)");

/**
 * A call of gRPC-Web as one of gRPC. Messages are the same in both; what differs is the content type, and trailers, which browsers can't
 * read: they become the last frame of the body.
 */
export class GrpcWebFilter implements Filter {
  protected readonly textReply: boolean;
  /** The reply is one of gRPC; others, such as a page of an error, pass as they are, and clients go by their status. */
  protected translates = false;
  readonly #type: WebType;

  constructor(type: WebType, textReply: boolean) {
    this.#type = type;
    this.textReply = textReply;
  }

  onRequest({ request }: FilterExchange): null {
    const f = request.fields;
    f.set("Content-Type", `application/grpc${this.#type.format}`);
    // What gRPC asks of its clients (grpc/doc/PROTOCOL-HTTP2.md), and browsers can't send.
    f.set("TE", "trailers");
    forgetLength(request);
    return null;
  }

  onResponse(_x: FilterExchange, head: ResponseHead): void {
    const f = head.fields;
    this.translates = isGrpc(f);
    if (!this.translates) return;
    const format = /\+[^;, \t]+/.exec(f.get("content-type") ?? "")?.[0] ?? this.#type.format;
    f.set("Content-Type", `application/grpc-web${this.textReply ? "-text" : ""}${format}`);
    // Its trailers are of another place.
    f.remove("trailer");
    forgetLength(head);
  }

  onResponseTrailers(_x: FilterExchange, f: Fields, out: BodyOut): void {
    if (!this.translates) return;
    const frame = encodeTrailerFrame(f);
    out.write(this.textReply ? encodeBase64(frame) : frame);
    out.end();
  }
}

/** The same where one of the bodies is text. */
export class GrpcWebTextFilter extends GrpcWebFilter {
  readonly #reader: Base64Reader | null;

  constructor(type: WebType, textReply: boolean) {
    super(type, textReply);
    this.#reader = type.text ? new Base64Reader() : null;
  }

  onRequestData(_x: FilterExchange, b: Uint8Array, end: boolean, out: BodyOut): void {
    const reader = this.#reader;
    const read = reader === null ? b : reader.read(b);
    if (read === null || (end && reader?.whole === false)) out.reset(BAD_BASE64);
    else out.write(read);
  }

  onResponseData(_x: FilterExchange, b: Uint8Array, _end: boolean, out: BodyOut): void {
    out.write(this.translates && this.textReply ? encodeBase64(b) : b);
  }
}

/** The filter of a request of gRPC-Web. */
export function openGrpcWeb(type: WebType, accept: string | null): Filter {
  const textReply = wantsText(accept, type);
  return type.text || textReply ? new GrpcWebTextFilter(type, textReply) : new GrpcWebFilter(type, textReply);
}
