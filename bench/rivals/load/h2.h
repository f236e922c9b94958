// Just enough of HTTP/2's framing (RFC 9113) for the load generator and the origin, which send fixed field blocks.
#ifndef WEIR_BENCH_H2_H
#define WEIR_BENCH_H2_H
#include "common.h"

enum { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4, PADDED = 8, PRIORITIZED = 32 };
enum { HEADER_TABLE_SIZE = 1, ENABLE_PUSH = 2, INITIAL_WINDOW_SIZE = 4 };
enum { FRAME_HEAD = 9, FRAME_MOST = 16384, WINDOW = 65535 };

struct frame {
  int type, flags;
  uint32_t stream, len;
  const uint8_t *body;
};

static inline uint32_t get32(const uint8_t *p) { return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]; }

static inline uint8_t *put32(uint8_t *p, uint32_t v) {
  p[0] = v >> 24, p[1] = v >> 16, p[2] = v >> 8, p[3] = v;
  return p + 4;
}

static inline uint8_t *put_frame_head(uint8_t *p, uint32_t len, int type, int flags, uint32_t stream) {
  p[0] = len >> 16, p[1] = len >> 8, p[2] = len, p[3] = type, p[4] = flags;
  return put32(p + 5, stream);
}

static inline uint8_t *put_frame(uint8_t *p, int type, int flags, uint32_t stream, const void *body, uint32_t len) {
  p = put_frame_head(p, len, type, flags, stream);
  memcpy(p, body, len);
  return p + len;
}

static inline uint8_t *put_window_update(uint8_t *p, uint32_t stream, uint32_t bytes) {
  return put32(put_frame_head(p, 4, WINDOW_UPDATE, 0, stream), bytes);
}

// Takes the frame at `p`; 0: it isn't whole yet. Padding and priority are taken off.
static inline uint32_t take_frame(const uint8_t *p, size_t have, struct frame *f) {
  if (have < FRAME_HEAD) return 0;
  uint32_t len = (uint32_t)p[0] << 16 | p[1] << 8 | p[2];
  errno = 0;
  if (len > FRAME_MOST) die("a frame has %u bytes", len);
  if (have < FRAME_HEAD + len) return 0;
  *f = (struct frame){.type = p[3], .flags = p[4], .stream = get32(p + 5) & 0x7fffffff, .len = len, .body = p + FRAME_HEAD};
  if (f->type == DATA || f->type == HEADERS) {
    uint32_t before = 0, after = 0;
    if (f->flags & PADDED) after = f->body[before++];
    if (f->type == HEADERS && f->flags & PRIORITIZED) before += 5;
    if (before + after > len) die("a frame's padding is longer than the frame");
    f->body += before;
    f->len -= before + after;
  }
  return FRAME_HEAD + len;
}

// A field by a name of the static table (`name` > 0) or by both strings, without Huffman coding; `add` puts it into the dynamic table
// (RFC 7541 section 6.2). Values up to 126 bytes.
static inline uint8_t *put_field(uint8_t *p, int add, int name, const char *nameText, const char *value) {
  int bits = add ? 6 : 4, most = (1 << bits) - 1;
  *p = add ? 0x40 : 0;
  if (name < most) *p++ |= name;
  else *p++ |= most, *p++ = name - most;
  for (const char *text = name ? value : nameText;; text = value) {
    *p++ = strlen(text);
    p = mempcpy(p, text, strlen(text));
    if (text == value) return p;
  }
}
#endif
