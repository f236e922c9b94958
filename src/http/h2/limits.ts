/** A budget: so many at once, so many more a second, and so many for each thing that earns them (see `BUDGETS`). */
export interface Budget {
  readonly burst: number;
  readonly perSecond: number;
  /** What the peer earns: for each stream that ended as it should, or for each head and DATA frame that was sent to it or opened by it. */
  readonly perServed: number;
  readonly perMoved: number;
}

/** What a budget is for; the name under which going past it is counted. */
export type BudgetCause =
  | "resets"
  | "continuation"
  | "ping"
  | "settings"
  | "emptyData"
  | "priority"
  | "windowUpdate"
  | "tinyWindow"
  | "strayHeads"
  | "otherFrames";

/** What a peer controls on an HTTP/2 connection, in one place. A listener's config may set other numbers where it has a key. */
export interface H2Limits {
  /** Bytes of a decoded head, counted as SETTINGS_MAX_HEADER_LIST_SIZE does (32 for each field besides); as large as h1 takes. */
  readonly headBytes: number;
  /** Fields in a head or trailer section: a cost per field is paid whatever its size, and a reference to one costs the peer a byte (CVE-2026-49975). */
  readonly fields: number;
  /** Bytes of :path: as in h1, twice what RFC 9112 section 3 asks every server to take. */
  readonly pathBytes: number;
  /** Streams open at once (SETTINGS_MAX_CONCURRENT_STREAMS). One that was reset counts until its exchange has let go (CVE-2023-44487). */
  readonly streams: number;
  /** Bytes of decoded heads that the open streams of a connection hold together: `streams` × `headBytes` would be for one peer to fill (CVE-2026-49975). */
  readonly heldHeadBytes: number;
  readonly budgets: Readonly<Record<BudgetCause, Budget>>;
}

/*
 * Each number is far above what real peers do and far below what hurts. They hold for one connection; past one of them it ends with
 * ENHANCE_YOUR_CALM. A peer that is served much may send much: what it earns is why a busy gRPC connection never meets them.
 */
const BUDGETS: Readonly<Record<BudgetCause, Budget>> = {
  // Streams that the peer resets (rapid reset, CVE-2023-44487) and those that it makes us reset (made you reset, CVE-2025-8671): both leave
  // the work behind. A browser that leaves a page resets some hundreds at once; a gRPC client whose deadlines pass, all that it has open.
  resets: { burst: 500, perSecond: 50, perServed: 1, perMoved: 0 },
  // CONTINUATION frames (CVE-2024-27316). A head of 64 KiB needs four; what is open to one block is bounded besides (`BLOCK_FRAMES`).
  continuation: { burst: 100, perSecond: 20, perServed: 4, perMoved: 0 },
  // PING (CVE-2019-9512) costs an answer. gRPC clients measure the path with one for each round trip in which they got data.
  ping: { burst: 100, perSecond: 10, perServed: 1, perMoved: 1 },
  // SETTINGS (CVE-2019-9515) costs an answer and a walk over the streams. Peers send one or two.
  settings: { burst: 20, perSecond: 2, perServed: 0, perMoved: 0 },
  // DATA without data and without an end (CVE-2019-9518): a frame that says nothing.
  emptyData: { burst: 100, perSecond: 10, perServed: 1, perMoved: 0 },
  // PRIORITY (CVE-2019-9513) is read and forgotten (RFC 9113 5.3.2). Older browsers send some for each page and one for each request.
  priority: { burst: 500, perSecond: 50, perServed: 2, perMoved: 2 },
  // WINDOW_UPDATE: one for the stream and one for the connection for each DATA frame is what eager clients send.
  windowUpdate: { burst: 1000, perSecond: 100, perServed: 2, perMoved: 4 },
  // DATA frames cut below `TINY_FRAME` by the peer's window, as one of a byte does (data dribble, CVE-2019-9511). A client
  // that reads slowly and tells of each read makes some too.
  tinyWindow: { burst: 1000, perSecond: 200, perServed: 1, perMoved: 0 },
  // Header blocks on streams that we have reset: dropped, but decoded. What was on its way is one for each, its trailers.
  strayHeads: { burst: 500, perSecond: 50, perServed: 1, perMoved: 0 },
  // Frames of unknown types and GOAWAY: skipped, but read. PRIORITY_UPDATE (RFC 9218) is one for each request.
  otherFrames: { burst: 500, perSecond: 50, perServed: 2, perMoved: 2 },
};

export const DEFAULT_H2_LIMITS: H2Limits = {
  headBytes: 64 * 1024,
  fields: 100,
  pathBytes: 16 * 1024,
  streams: 128,
  heldHeadBytes: 2 * 1024 * 1024,
  budgets: BUDGETS,
};

/** Bytes of SETTINGS_HEADER_TABLE_SIZE of ours, and the most that we keep of a peer's choice: its first value (RFC 9113 6.5.2). */
export const HEADER_TABLE_BYTES = 4096;
/** Frames of one header block, HEADERS among them: a head of `headBytes` fits four, 16 leave room for peers that fill theirs badly. */
export const BLOCK_FRAMES = 16;
/** Bytes of one header block as it is sent, in parts of `headBytes`: a block that is only too long is still read, to be answered with 431. */
export const BLOCK_BYTES_FACTOR = 2;
/** Bytes that a peer may send on one stream before they are credited (SETTINGS_INITIAL_WINDOW_SIZE): the memory of one direction of one exchange. */
export const STREAM_WINDOW = 256 * 1024;
/** Bytes on their way on all streams together. A connection window is given back as bytes come, and not as they are credited … */
export const CONNECTION_WINDOW = 1024 * 1024;
/**
 * … until this many are held by readers: so a slow stream (it can hold `STREAM_WINDOW`), and fifteen more beside it, take nothing from the
 * others. Beyond, the window shrinks by what is held above. A connection so holds at most this and one window, whatever its streams.
 */
export const HELD_FREELY = 4 * 1024 * 1024;
/** Pieces handed to a reader that it has not credited. Further ones below `PIECE_LEAST` wait here, as one: a piece costs more memory than it says. */
export const PIECES = 32;
export const PIECE_LEAST = 4 * 1024;
/** A piece that is less than this part of the chunk that it came in is copied when the reader is slow: a view keeps all of the chunk. */
export const PIECE_OF_CHUNK = 4;
/** Bytes of output waiting for the socket before DATA waits in the streams. */
export const OUTPUT_HIGH = 256 * 1024;
/** A piece of DATA up to this size is copied behind what waits to be sent, so that one system call sends both. */
export const COALESCE_BYTES = 4 * 1024;
/** A DATA frame that the peer's window cuts below this many bytes counts against `tinyWindow`. */
export const TINY_FRAME = 256;
/** While data waits for the peer's window, this many bytes must leave in each `stallMs`: one byte now and then keeps no stream (CVE-2026-49975). */
export const STALL_LEAST = 4 * 1024;
/**
 * Bytes of DATA that wait for the peer's windows on all streams together. Beyond, whoever feeds a stream stops at its first byte without
 * room, and a stream that begins to wait has `CROWDED_STALL_MS`. Eight streams can wait with all that one may hold.
 */
export const WAITING_FREELY = 8 * 1024 * 1024;
/** Milliseconds: a reader on a slow link takes 4 KiB in that time, one that never opens its window does not keep its memory. */
export const CROWDED_STALL_MS = 10_000;
/**
 * Milliseconds between two frames to a client that has closed its side and still has streams: if nobody is left, the first brings a reset
 * back, and where the runtime does not tell of one the next can't be written.
 */
export const PROBE_MS = 1000;
/** Ids of ended streams that are remembered, to tell what was on its way when a stream ended from what should never have been sent. */
export const REMEMBERED = 256;
/** Bytes that a held head counts for besides its own: objects of the stream, its fields' offsets. */
export const HEAD_OVERHEAD = 1024;
/** Interim responses before a final one: an upstream that sends them for ever holds the exchange open. */
export const INTERIM_RESPONSES = 16;
/** Bytes of a method, as in h1: the longest registered one has 17. */
export const METHOD_BYTES = 32;
/** Streams that a client opens before the server has said how many it takes (RFC 9113 6.5.2 advises it to take no fewer). */
export const FIRST_STREAMS = 100;
