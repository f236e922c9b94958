import { z } from "zod";
import { duration } from "./duration.ts";
import { bool, choice, decimal, int, off, text } from "./scalar.ts";
import { size } from "./size.ts";

const names = z.union([text({ minLength: 1 }), z.array(text({ minLength: 1 }))]);

/** What becomes of a request whose call came to nothing. */
const onFailure = z.union([
  choice("open", "closed"),
  z.strictObject({ status: int(400, 599, "a status from 400 to 599").describe("Status of the answer") }),
]);

/** Settings that a use may give itself. */
const call = {
  timeout: duration().optional().describe("From a call to its answer"),
  onFailure: onFailure.optional().describe("open: go on without the plugin; closed: answer 503; { status: N }: answer with that"),
};

/** A program of `plugins`. */
export const pluginSchema = z.strictObject({
  command: z
    .union([text({ minLength: 1 }), z.array(text()).min(1)])
    .describe("Program and arguments. One with a slash is a path from this file; others are looked for in PATH"),
  env: z.record(z.string(), text()).prefault({}).describe("Added to its environment, which has PATH, LANG and TMPDIR alone"),
  cwd: text({ minLength: 1 }).optional().describe("Its working directory; where Weir was started when absent"),
  processes: int(1, 1024).prefault(1).describe("Processes for the whole weir"),
  config: z.unknown().optional().describe("What the plugin is given; none when absent"),
  timeout: duration().prefault("200ms").describe("From a call to its answer"),
  onFailure: onFailure
    .prefault("closed")
    .describe("What becomes of a request whose call fails: open: go on without the plugin; closed: answer 503; { status: N }"),
  startTimeout: duration().prefault("5s").describe("From the start of a process to its answer to initialize"),
  concurrency: int(1, 100_000).prefault(100).describe("Calls that one process has open at once"),
  queue: int(0, 1_000_000).prefault(1000).describe("Calls that wait for a process; further ones fail at once"),
  limits: z
    .strictObject({
      message: size(1024, 2 ** 30)
        .prefault("4MiB")
        .describe("The longest message"),
      body: size(0, 2 ** 30)
        .prefault("1MiB")
        .describe("The longest body that is buffered for it"),
      streamWindow: size(1024, 2 ** 30)
        .prefault("256KiB")
        .describe("Bytes of a streamed body on their way to it, and from it"),
    })
    .prefault({})
    .describe("Bounds of messages and bodies"),
  ping: z
    .union([
      z.strictObject({
        interval: duration().prefault("5s").describe("Between two"),
        timeout: duration().prefault("5s").describe("How long an answer may take"),
      }),
      off(),
    ])
    .prefault({})
    .describe("Whether a process is alive; one that does not answer is replaced. false: it is never asked"),
  restart: z
    .strictObject({
      base: duration().prefault("100ms").describe("Wait before the first; each further one waits twice as long"),
      max: duration().prefault("30s").describe("The longest wait"),
      crashes: int(1, 1000)
        .prefault(10)
        .describe("Ends within window after which calls fail at once, until a process stands again"),
      window: duration().prefault("60s").describe("For how long an end counts"),
    })
    .prefault({})
    .describe("How processes that ended are started again"),
  memory: z
    .strictObject({
      soft: size(1024 * 1024)
        .optional()
        .describe("Resident memory at which another process takes its place and it drains"),
      hard: size(1024 * 1024)
        .optional()
        .describe("Resident memory at which it is killed, and replaced"),
    })
    .prefault({})
    .describe("Limits of one process; none when absent"),
  cpu: z
    .strictObject({
      max: decimal(0.01, 1024).describe("Cores that it may use on average; beyond that another takes its place and it drains"),
      for: duration(1_000).prefault("10s").describe("The time of the average"),
    })
    .optional()
    .describe("Limit of the processor time of one process; none when absent"),
  drain: duration(0).prefault("30s").describe("How long requests may keep a process that is to go"),
  grants: z
    .strictObject({
      authority: bool().prefault(false).describe("It may change Host and the authority"),
      clusters: names.prefault([]).describe("Clusters that it may send requests to"),
      http: names.prefault([]).describe("Clusters that it may ask by itself"),
      kv: bool().prefault(false).describe("It may keep values in Weir"),
    })
    .prefault({})
    .describe("What it may do beyond the usual"),
});

/** `filters: [{ plugin: … }]`: the name of a plugin, or all that can be said. */
export const pluginUseSchema = z.union([
  text({ minLength: 1 }),
  z.strictObject({
    use: text({ minLength: 1 }).describe("Name of the plugin"),
    config: z.unknown().optional().describe("What the plugin is given for this use; its own config when absent"),
    ...call,
  }),
]);

export type PluginConfig = z.output<typeof pluginSchema>;
export type PluginUseConfig = z.output<typeof pluginUseSchema>;
