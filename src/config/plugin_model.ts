/** Programs beside Weir that take part in requests (docs/plugins.md). All durations are milliseconds, all sizes bytes. */
export interface PluginSpec {
  readonly name: string;
  /** Program and arguments; a path, or a name that is looked for in PATH. Never empty. */
  readonly command: readonly string[];
  /** Added to the little environment that every plugin has. */
  readonly env: Readonly<Record<string, string>>;
  /** null: where Weir was started. */
  readonly cwd: string | null;
  /** Whom its processes are where Weir is root: names or numbers, as Weir's own to drop to; null: as Weir. */
  readonly runAs: { readonly user: string | null; readonly group: string | null } | null;
  /** For the whole weir; of a `part`, its own. */
  readonly processes: number;
  /** What a worker has of them; absent: all. */
  readonly part?: PluginPart;
  /** Any JSON; null: none. */
  readonly config: unknown;
  /** From a call to its answer. */
  readonly timeoutMs: number;
  /** From the start of a process to its answer to `initialize`. */
  readonly startMs: number;
  /** Calls that one process has open at once. */
  readonly concurrency: number;
  /** Calls that wait for a process. */
  readonly queue: number;
  readonly onFailure: PluginFailureSpec;
  readonly messageBytes: number;
  /** The longest body that is buffered. */
  readonly bodyBytes: number;
  /** Bytes of one direction of an exchange that may be on their way to a process, and from it. */
  readonly streamWindow: number;
  /** null: it is never asked whether it is alive. */
  readonly ping: { readonly everyMs: number; readonly timeoutMs: number } | null;
  readonly restart: PluginRestartSpec;
  /** Resident memory above which a process is replaced (soft) or killed (hard); null: no limit. */
  readonly memory: { readonly softBytes: number | null; readonly hardBytes: number | null };
  /** Cores that a process may use on average over a window of so many milliseconds before it is replaced; null: no limit. */
  readonly cpu: { readonly cores: number; readonly windowMs: number } | null;
  /** How long exchanges may keep a process that is to go. */
  readonly drainMs: number;
  readonly grants: PluginGrantsSpec;
}

/** What a worker has of the processes of a plugin. */
export interface PluginPart {
  /** Number of its first one among those of the whole weir. */
  readonly first: number;
  /** The number by which its supervisor knows processes that all workers share; null: it has its own. */
  readonly pool: number | null;
}

/** What becomes of a request whose call came to nothing. */
export type PluginFailureSpec =
  /** It goes on as if the plugin was not there. */
  | { readonly kind: "open" }
  /** It is answered with this status. */
  | { readonly kind: "closed"; readonly status: number };

export interface PluginRestartSpec {
  /** Wait before the first restart; each further one doubles it. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** So many ends within `windowMs` open the breaker: calls fail at once, and only one process is tried every `maxMs`. */
  readonly crashes: number;
  readonly windowMs: number;
}

/** What a plugin may do beyond the usual. */
export interface PluginGrantsSpec {
  /** It may change Host and the authority. */
  readonly authority: boolean;
  /** Clusters to which it may send requests of clients. */
  readonly clusters: readonly string[];
  /** Clusters that it may ask by itself. */
  readonly http: readonly string[];
  readonly kv: boolean;
}

/** A plugin at its place in a route. */
export interface PluginUseSpec {
  readonly kind: "plugin";
  /** Name of a plugin. */
  readonly plugin: string;
  /** Any JSON; null: the plugin's own config. */
  readonly config: unknown;
  /** null: the plugin's. */
  readonly timeoutMs: number | null;
  /** null: the plugin's. */
  readonly onFailure: PluginFailureSpec | null;
}
