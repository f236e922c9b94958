import {
  ACK,
  data,
  FrameLog,
  headers,
  join,
  latin1,
  type Pairs,
  PREFACE,
  SETTINGS_ACK,
  settings,
  text,
} from "../http/h2/wire.ts";
import { type Peer, Site } from "./site.ts";

/** One end of an HTTP/2 connection in memory: it sends frames that a test makes, and reads what comes into lines. */
export class H2Peer {
  readonly peer: Peer;
  readonly #log: FrameLog;
  #seen = 0;

  constructor(peer: Peer, ofClient: boolean) {
    this.peer = peer;
    this.#log = new FrameLog(ofClient);
  }

  send(...frames: readonly Uint8Array[]): void {
    this.peer.send(text(join(...frames)));
  }

  /** Lines of frames since the last call, without Date and the frames that only keep the connection going. */
  take(): string[] {
    this.#log.read(latin1(this.peer.take()));
    const lines = this.#log.lines.slice(this.#seen);
    this.#seen = this.#log.lines.length;
    return lines
      .filter((l) => !/^(?:SETTINGS|WINDOW|PING)/.test(l))
      .map((l) => l.replace(/date: [^|\]]*? GMT \| | \| date: [^|\]]*? GMT/, ""));
  }
}

/** A Weir in memory whose clients and whose upstream speak HTTP/2 in cleartext. */
export class H2Site {
  readonly site: Site;
  #origin: H2Peer | null = null;

  constructor(site: Site) {
    this.site = site;
  }

  static async start(route = "", listener = "", cluster = ""): Promise<H2Site> {
    return new H2Site(await Site.start(route, `, detect: true ${listener}`, `, protocol: h2c ${cluster}`));
  }

  /** A client that has sent `frames` behind its preface. */
  async client(...frames: readonly Uint8Array[]): Promise<H2Peer> {
    const client = new H2Peer(await this.site.client(), false);
    client.send(PREFACE, settings(), SETTINGS_ACK, ...frames);
    await this.site.settled();
    return client;
  }

  /** The origin's end of the one upstream connection, greeted. */
  async origin(): Promise<H2Peer> {
    if (this.#origin === null) {
      this.#origin = new H2Peer(this.site.origin, true);
      this.#origin.send(settings(), SETTINGS_ACK);
      await this.site.settled();
    }
    return this.#origin;
  }
}

export { ACK, data, headers };

/** The head of a call. */
export function call(path: string, ...more: Pairs): Pairs {
  return [
    [":method", "POST"],
    [":scheme", "http"],
    [":authority", "a"],
    [":path", path],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ...more,
  ];
}
