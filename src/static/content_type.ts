const TEXT = "; charset=utf-8";

/** Types of the files that sites are made of, by extension. Text is taken for UTF-8. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ["avif", "image/avif"],
  ["bin", "application/octet-stream"],
  ["bmp", "image/bmp"],
  ["css", `text/css${TEXT}`],
  ["csv", `text/csv${TEXT}`],
  ["flac", "audio/flac"],
  ["gif", "image/gif"],
  ["gz", "application/gzip"],
  ["htm", `text/html${TEXT}`],
  ["html", `text/html${TEXT}`],
  ["ico", "image/x-icon"],
  ["ics", `text/calendar${TEXT}`],
  ["jpeg", "image/jpeg"],
  ["jpg", "image/jpeg"],
  // RFC 9239: text/javascript is the one type of scripts and modules.
  ["js", `text/javascript${TEXT}`],
  ["json", "application/json"],
  ["jsonld", "application/ld+json"],
  ["m4a", "audio/mp4"],
  ["map", "application/json"],
  ["md", `text/markdown${TEXT}`],
  ["mjs", `text/javascript${TEXT}`],
  ["mp3", "audio/mpeg"],
  ["mp4", "video/mp4"],
  ["ogg", "audio/ogg"],
  ["opus", "audio/ogg"],
  ["otf", "font/otf"],
  ["pdf", "application/pdf"],
  ["png", "image/png"],
  ["rss", "application/rss+xml"],
  ["svg", "image/svg+xml"],
  ["tar", "application/x-tar"],
  ["ttf", "font/ttf"],
  ["txt", `text/plain${TEXT}`],
  ["wasm", "application/wasm"],
  ["wav", "audio/wav"],
  ["webm", "video/webm"],
  ["webmanifest", "application/manifest+json"],
  ["webp", "image/webp"],
  ["woff", "font/woff"],
  ["woff2", "font/woff2"],
  ["xhtml", "application/xhtml+xml"],
  ["xml", "application/xml"],
  ["yaml", "application/yaml"],
  ["yml", "application/yaml"],
  ["zip", "application/zip"],
]);

const UNKNOWN = "application/octet-stream";

/** Content-Type of a file by its name; `own` goes first. */
export function contentTypeOf(name: string, own: ReadonlyMap<string, string>): string {
  const dot = name.lastIndexOf(".");
  if (dot < 0) return UNKNOWN;
  const extension = name.slice(dot + 1).toLowerCase();
  return own.get(extension) ?? TYPES.get(extension) ?? UNKNOWN;
}
