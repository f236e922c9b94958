// A load generator that speaks HTTP/2 over TLS 1.3 on one thread; see tls.h. Prints one line of JSON about its window.
//   load_h2 get   GET / with the fields of a small client, replies of --body bytes
//   load_h2 grpc  unary calls: a message of 100 bytes there, --body bytes with the frame's head and trailers back
// Each of the streams of each connection begins anew when it has its reply. Field blocks are fixed: the first request of a connection
// fills the proxy's dynamic table, as clients do, and all later ones point into it.
// --to PORT --connections N --streams N --body BYTES --seconds S --warmup S [--cpu PID,PID…] [--host NAME]
#include "h2.h"
#include "tls.h"
#include "window.h"

#include <fcntl.h>

enum { EVENTS = 64, IN = 1 << 17, OUT = 1 << 17, MESSAGE = 105, REQUEST_MOST = 512, MOST_STREAMS = 256, UPDATE = 32768, TABLE = 4096 };

struct stream {
  uint32_t id, got;  // `id` 0: waits for the proxy's window.
  int status;
  int64_t since;
};

struct conn {
  int fd, ready, filled, blocked;
  SSL *ssl;
  int64_t room;  // The proxy's window for this connection.
  uint32_t next, received;
  size_t have, outLen;
  struct stream streams[MOST_STREAMS];
  uint8_t in[IN], out[OUT];
};

static int grpc, port, epoll, streamCount;
static uint32_t body;
static const char *host, *alpn = "\x02h2";
static SSL_CTX *ctx;
static uint8_t first[256], later[64], message[MESSAGE] = {0, 0, 0, 0, MESSAGE - 5};
static uint32_t firstLen, laterLen;

// Static table (RFC 7541 appendix A): 2 GET, 3 POST, 7 https, 4 path /.
static void make_blocks(void) {
  enum { AUTHORITY = 1, PATH = 4, ACCEPT = 19, CONTENT_TYPE = 31, USER_AGENT = 58, NEWEST = 0x80 | 62 };
  uint8_t *p = first;
  int added = 3;
  *p++ = grpc ? 0x83 : 0x82;
  *p++ = 0x87;
  if (!grpc) *p++ = 0x84;
  laterLen = mempcpy(later, first, p - first) - (void *)later;
  p = put_field(p, 1, AUTHORITY, NULL, host);
  if (grpc) p = put_field(p, 1, PATH, NULL, "/bench.Echo/Unary");
  p = put_field(p, 1, USER_AGENT, NULL, "bench");
  if (grpc) {
    p = put_field(p, 1, CONTENT_TYPE, NULL, "application/grpc");
    p = put_field(p, 1, 0, "te", "trailers");
    added = 5;
  } else p = put_field(p, 1, ACCEPT, NULL, "*/*");
  firstLen = p - first;
  while (added--) later[laterLen++] = NEWEST + added;
  memset(message + 5, 'x', MESSAGE - 5);
}

static void start(struct conn *c, struct stream *s) {
  s->id = 0;
  s->since = now_ns();
  if (grpc && c->room < MESSAGE) return;
  s->id = c->next;
  s->got = s->status = 0;
  c->next += 2;
  uint8_t *p = c->out + c->outLen;
  errno = 0;
  if (c->outLen + REQUEST_MOST > OUT) die("the proxy does not read");
  p = put_frame(p, HEADERS, END_HEADERS | (grpc ? 0 : END_STREAM), s->id, c->filled ? later : first, c->filled ? laterLen : firstLen);
  c->filled = 1;
  if (grpc) {
    p = put_frame(p, DATA, END_STREAM, s->id, message, MESSAGE);
    c->room -= MESSAGE;
  }
  c->outLen = p - c->out;
}

static void open_conn(struct conn *c) {
  memset(c, 0, offsetof(struct conn, in));
  c->fd = connect_loopback(port, 0);
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  c->ssl = tls_over(ctx, c->fd, host);
  c->room = WINDOW;
  c->next = 1;
  static const uint8_t noPush[] = {0, ENABLE_PUSH, 0, 0, 0, 0};
  uint8_t *p = mempcpy(c->out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
  p = put_frame(p, SETTINGS, 0, 0, noPush, sizeof noPush);
  c->outLen = p - c->out;
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e)) die("epoll_ctl");
}

// The status, which comes first (RFC 9113 section 8.3): one of the static table's, or spelled out. 999: neither.
static int status_of(const uint8_t *p, const uint8_t *end) {
  static const int known[] = {200, 204, 206, 304, 400, 404, 500};
  while (p < end && (*p & 0xe0) == 0x20) p++;  // A change of the table's size.
  if (p < end && *p >= 0x88 && *p <= 0x8e) return known[*p - 0x88];
  if (p + 5 <= end && (*p == 0x48 || *p == 0x08 || *p == 0x18) && p[1] == 3) return (p[2] - '0') * 100 + (p[3] - '0') * 10 + p[4] - '0';
  return 999;
}

static void finish(struct conn *c, struct stream *s, int byTrailers) {
  int64_t now = now_ns();
  window.statuses[s->status % 1000]++;
  if (s->got != body || byTrailers != grpc) window.failed++;
  window_note(s->since, now, now);
  start(c, s);
}

static void settle(struct conn *c, const struct frame *f) {
  if (f->flags & ACK) return;
  errno = 0;
  for (uint32_t at = 0; at + 6 <= f->len; at += 6) {
    uint32_t id = f->body[at] << 8 | f->body[at + 1], value = get32(f->body + at + 2);
    if (id == HEADER_TABLE_SIZE && value < TABLE) die("the proxy's dynamic table has %u bytes, wanted %d", value, TABLE);
    if (id == INITIAL_WINDOW_SIZE && value < MESSAGE) die("the proxy takes less than a message at a time");
  }
  c->outLen = put_frame_head(c->out + c->outLen, 0, SETTINGS, ACK, 0) - c->out;
  if (c->ready) return;
  c->ready = 1;
  for (int i = 0; i < streamCount; i++) start(c, &c->streams[i]);
}

static void on_stream(struct conn *c, const struct frame *f) {
  struct stream *s = c->streams;
  while (s < c->streams + streamCount && s->id != f->stream) s++;
  if (s == c->streams + streamCount) return;
  if (f->type == RST_STREAM) {
    window.failed++;
    start(c, s);
    return;
  }
  errno = 0;
  if (f->type == HEADERS) {
    if (!(f->flags & END_HEADERS)) die("a reply's head has more than one frame");
    if (!s->status) s->status = status_of(f->body, f->body + f->len);
  } else s->got += f->len;
  if (f->flags & END_STREAM) finish(c, s, f->type == HEADERS);
}

static void on_frame(struct conn *c, const struct frame *f) {
  switch (f->type) {
    case SETTINGS: settle(c, f); break;
    case PING:
      if (!(f->flags & ACK)) c->outLen = put_frame(c->out + c->outLen, PING, ACK, 0, f->body, f->len) - c->out;
      break;
    case WINDOW_UPDATE:
      if (f->stream) break;
      c->room += get32(f->body);
      for (int i = 0; i < streamCount && c->ready; i++)
        if (!c->streams[i].id) start(c, &c->streams[i]);
      break;
    case GOAWAY:
      errno = 0;
      die("the proxy sent GOAWAY, error %u", get32(f->body + 4));
    case DATA:
      if ((c->received += f->len) >= UPDATE) {
        c->outLen = put_window_update(c->out + c->outLen, 0, c->received) - c->out;
        c->received = 0;
      }
      // fall through
    case HEADERS:
    case RST_STREAM: on_stream(c, f); break;
    default: break;
  }
}

static void flush(struct conn *c) {
  int sent = 0;
  while (c->outLen) {
    int n = SSL_write(c->ssl, c->out + sent, c->outLen), s = tls_state(c->ssl, n);
    if (s < 0) die_tls("the proxy ended a connection");
    if (s == 0) break;
    sent += n;
    c->outLen -= n;
  }
  memmove(c->out, c->out + sent, c->outLen);
  int blocked = c->outLen > 0;
  if (blocked == c->blocked) return;
  c->blocked = blocked;
  struct epoll_event e = {.events = blocked ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = c};
  epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &e);
}

static void advance(struct conn *c) {
  if (!SSL_is_init_finished(c->ssl)) {
    int s = tls_state(c->ssl, SSL_do_handshake(c->ssl));
    if (s < 0) die_tls("a handshake failed");
    if (s == 0) return;
    expect_alpn(c->ssl, alpn);
  }
  for (;;) {
    int n = SSL_read(c->ssl, c->in + c->have, IN - c->have), s = tls_state(c->ssl, n);
    if (s < 0) die_tls("the proxy ended a connection");
    if (s == 0) break;
    window.bytes += n;
    c->have += n;
    size_t at = 0;
    struct frame f;
    for (uint32_t len; (len = take_frame(c->in + at, c->have - at, &f)); at += len) on_frame(c, &f);
    memmove(c->in, c->in + at, c->have -= at);
  }
  flush(c);
}

int main(int argc, char **argv) {
  errno = 0;
  if (argc < 2) die("say get or grpc first");
  grpc = strcmp(argv[1], "grpc") == 0;
  port = atoi(option(argc, argv, "to", NULL));
  host = option(argc, argv, "host", "bench.test");
  body = atoi(option(argc, argv, "body", NULL));
  streamCount = atoi(option(argc, argv, "streams", "32"));
  int connections = atoi(option(argc, argv, "connections", "8"));
  if (streamCount > MOST_STREAMS) die("at most %d streams", MOST_STREAMS);
  make_blocks();
  ctx = tls_context(alpn);
  epoll = epoll_create1(0);
  struct conn *conns = calloc(connections, sizeof *conns);
  window_begin(argc, argv);
  for (int i = 0; i < connections; i++) {
    open_conn(&conns[i]);
    advance(&conns[i]);
  }
  struct epoll_event events[EVENTS];
  for (;;) {
    enum stage stage = window_at(now_ns());
    if (stage == OVER) break;
    int n = wait_events(epoll, events, EVENTS, stage == WARMING ? window.start : window.end);
    for (int i = 0; i < n; i++) advance(events[i].data.ptr);
  }
  window_print(0);
  return 0;
}
