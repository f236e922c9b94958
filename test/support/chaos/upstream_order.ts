/**
 * How an upstream answers from the next request on.
 *
 * - `ok`: after its time of work; `lame`: after ten times that; `slow`: after ten seconds; `silent`: never
 * - `busy`: 503; `failing`: 500, and checks get 200 with both; `ill`: checks get 503, and requests 200
 * - `drop`: it resets the connection instead of an answer; `cut`: in the middle of the body
 * - `nonsense`: bytes that are no HTTP
 */
export type UpstreamMode = "ok" | "lame" | "slow" | "silent" | "busy" | "failing" | "ill" | "drop" | "cut" | "nonsense";

/** What the program of an upstream is told at its start. */
export interface UpstreamOrder {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** File with the mode; read for each request, so that a change counts at once. */
  readonly modePath: string;
  /** File to which a line is written for each request: `id method name`, with tabs. Several upstreams may share it. */
  readonly journalPath: string;
}

/** What checks ask for. */
export const CHECK_PATH = "/healthz";
