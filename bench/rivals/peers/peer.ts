import type { Certificate } from "../measure/certificate.ts";
import type { Child } from "../measure/child.ts";
import type { Scene } from "../measure/scene.ts";

/** What a proxy is started for. */
export interface Stage {
  /** Directory of this proxy alone: config, access log, temporary files. */
  readonly directory: string;
  /** Loopback port to listen on. */
  readonly port: number;
  /** A second one, for a proxy's own statistics. */
  readonly adminPort: number;
  /** Loopback port of the origin. */
  readonly originPort: number;
  /** To show to clients, who speak HTTP/2 or HTTP/1.1 over TLS then, by ALPN; null: they speak HTTP/1.1 without. */
  readonly certificate: Certificate | null;
  readonly origin: Scene["origin"];
  readonly layer: Scene["layer"];
}

/** A proxy under measurement. Each runs with one worker, an access log with the same content, and the same added fields. */
export interface Peer {
  /** As `--only` and the table call it. */
  readonly name: string;
  readonly relaysDatagrams?: boolean;
  /** It writes no access log; absent: it does, and a run without one is none. */
  readonly logsNothing?: boolean;
  /** What to do so that it can run; null: it can. */
  lacks(): string | null;
  /** Starts it, pinned and in the foreground. Who calls waits until it answers. */
  start(stage: Stage): Child;
  /** The version measured, for the report. */
  version(): string;
  /** The same proxy with a config of its own, which `write` makes in the stage's directory; absent: not for this one. */
  withConfig?(name: string, write: (stage: Stage) => string): Peer;
  /** The same proxy with several worker processes, on both cores when there is more than one; absent: not for this one. */
  withWorkers?(name: string, workers: number): Peer;
}
