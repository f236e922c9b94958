import { readFileSync } from "node:fs";
import * as grpc from "@grpc/grpc-js";
import { within } from "./deadline.ts";
import type { Pair } from "./tls_pki.ts";

const same = (b: Buffer): Buffer => b;

function method(
  name: string,
  requestStream: boolean,
  responseStream: boolean,
  path = `/test.Echo/${name}`,
): grpc.MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

/** Messages are bytes: what they hold is not a proxy's business. */
const METHODS = {
  Unary: method("Unary", false, false),
  Fail: method("Fail", false, false),
  Never: method("Never", false, false),
  Down: method("Down", false, true),
  Up: method("Up", true, false),
  Chat: method("Chat", true, true),
};

const HEALTH = { Check: method("Check", false, false, "/grpc.health.v1.Health/Check") };

/** A server of gRPC, of a library that is not ours. */
export class GrpcService {
  readonly #server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
  port = 0;
  /** Calls of Never and Chat that were cancelled. */
  cancelled = 0;
  /** Milliseconds that the last call of Never was given; Infinity: no bound. */
  timeoutMs = 0;
  /** What grpc.health.v1 says of each service; null: there is no such service at all. */
  health: Map<string, number> | null = null;
  #next: (() => void) | null = null;

  static async start(tls: Pair | null = null): Promise<GrpcService> {
    const service = new GrpcService();
    const credentials =
      tls === null
        ? grpc.ServerCredentials.createInsecure()
        : grpc.ServerCredentials.createSsl(null, [{ cert_chain: readFileSync(tls.cert), private_key: readFileSync(tls.key) }]);
    service.#server.addService(METHODS, service.#handlers());
    service.#server.addService(HEALTH, { Check: service.#check });
    service.port = await new Promise<number>((resolve, reject) => {
      service.#server.bindAsync("127.0.0.1:0", credentials, (e, port) => (e === null ? resolve(port) : reject(e)));
    });
    return service;
  }

  /** Lets the next message of Down go. */
  next(): void {
    this.#next?.();
  }

  close(): void {
    this.#server.forceShutdown();
  }

  readonly #check = (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>): void => {
    // One field, a short string: its tag, its length, its bytes.
    const status = this.health?.get(call.request.subarray(2).toString());
    if (this.health === null) done({ code: grpc.status.UNIMPLEMENTED });
    else if (status === undefined) done({ code: grpc.status.NOT_FOUND });
    else done(null, Buffer.from([0x08, status]));
  };

  #handlers(): grpc.UntypedServiceImplementation {
    return {
      Unary: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
        const trailers = new grpc.Metadata();
        trailers.set("x-trailer", "behind");
        const asked = call.metadata.get("x-asked")[0];
        if (asked !== undefined) {
          const head = new grpc.Metadata();
          head.set("x-answered", asked);
          call.sendMetadata(head);
        }
        done(null, call.request, trailers);
      },
      Fail: (_call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
        done({ code: grpc.status.FAILED_PRECONDITION, details: "not ready: 100 %, später" });
      },
      Never: (call: grpc.ServerUnaryCall<Buffer, Buffer>) => {
        const deadline = call.getDeadline();
        this.timeoutMs = Number(deadline) - Date.now();
        call.on("cancelled", () => this.cancelled++);
      },
      Down: async (call: grpc.ServerWritableStream<Buffer, Buffer>) => {
        for (let i = 0; i < 3; i++) {
          call.write(Buffer.from(`message ${i}`));
          await new Promise<void>((resolve) => (this.#next = resolve));
        }
        call.end();
      },
      Up: async (call: grpc.ServerReadableStream<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
        let bytes = 0;
        for await (const b of call) bytes += (b as Buffer).length;
        done(null, Buffer.from(String(bytes)));
      },
      Chat: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
        call.on("cancelled", () => this.cancelled++);
        call.on("data", (b: Buffer) => call.write(b));
        call.on("end", () => call.end());
      },
    };
  }
}

export interface Told {
  readonly code: number;
  readonly details: string;
  readonly message: string | null;
  readonly head: grpc.Metadata | null;
  readonly trailers: grpc.Metadata;
}

/** A client of gRPC, of the same library. */
export class GrpcClient {
  readonly #client: grpc.Client;

  /** `ca` is a file; null: cleartext. */
  constructor(port: number, ca: string | null = null) {
    const credentials = ca === null ? grpc.credentials.createInsecure() : grpc.credentials.createSsl(readFileSync(ca));
    this.#client = new grpc.Client(`127.0.0.1:${port}`, credentials, {
      "grpc.max_receive_message_length": -1,
      "grpc.enable_retries": 0,
      ...(ca === null ? {} : { "grpc.ssl_target_name_override": "site.example", "grpc.default_authority": "site.example" }),
    });
  }

  /** Calls a method with one request and one reply. */
  call(name: keyof typeof METHODS, request: Buffer | string, metadata: Readonly<Record<string, string>> = {}): Promise<Told> {
    const sent = metadataOf(metadata);
    const { path } = METHODS[name];
    return within(
      `the status of ${name}`,
      20_000,
      new Promise<Told>((resolve) => {
        let head: grpc.Metadata | null = null;
        let message: string | null = null;
        const call = this.#client.makeUnaryRequest(path, same, same, Buffer.from(request), sent, (_e, reply) => {
          message = reply === undefined ? null : reply.toString("latin1");
        });
        call.on("metadata", (m) => {
          head = m;
        });
        call.on("status", (s) => {
          // The callback comes behind the status.
          setImmediate(() => resolve({ code: s.code, details: s.details, message, head, trailers: s.metadata }));
        });
      }),
    );
  }

  down(): grpc.ClientReadableStream<Buffer> {
    return this.#client.makeServerStreamRequest(METHODS.Down.path, same, same, Buffer.alloc(0));
  }

  up(done: grpc.requestCallback<Buffer>): grpc.ClientWritableStream<Buffer> {
    return this.#client.makeClientStreamRequest(METHODS.Up.path, same, same, done);
  }

  chat(metadata: Readonly<Record<string, string>> = {}): grpc.ClientDuplexStream<Buffer, Buffer> {
    return this.#client.makeBidiStreamRequest(METHODS.Chat.path, same, same, metadataOf(metadata));
  }

  close(): void {
    this.#client.close();
  }
}

function metadataOf(pairs: Readonly<Record<string, string>>): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [k, v] of Object.entries(pairs)) metadata.set(k, v);
  return metadata;
}

/** Messages of a stream one by one, then its status. */
export class Messages {
  readonly got: string[] = [];
  status: grpc.StatusObject | null = null;

  constructor(stream: grpc.ClientReadableStream<Buffer> | grpc.ClientDuplexStream<Buffer, Buffer>) {
    stream.on("data", (b: Buffer) => this.got.push(b.toString("latin1")));
    stream.on("status", (s: grpc.StatusObject) => {
      this.status = s;
    });
    stream.on("error", () => {
      // The status tells it.
    });
  }
}
