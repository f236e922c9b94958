// Put in by ./compile.sh; absent when weir runs from its source.
declare const BUILD_VERSION: string | undefined;
declare const BUILD_COMMIT: string | undefined;

export interface Build {
  /** As in package.json; a test holds the two together. */
  readonly version: string;
  /** Abbreviated commit of the checkout, with `-dirty` when files differed from it; `source` when nothing was compiled. */
  readonly commit: string;
}

/** Which weir this is, for `weir version`, the logs and the metrics. */
export const BUILD: Build = Object.freeze({
  version: typeof BUILD_VERSION === "string" ? BUILD_VERSION : "0.1.0",
  commit: typeof BUILD_COMMIT === "string" ? BUILD_COMMIT : "source",
});
