// A load generator over TLS 1.3 on one thread; see tls.h for what it asks for. Prints one line of JSON about its window.
//   load_tls closed      HTTP/1.1: each connection sends its next request when it has the reply to the last one
//   load_tls handshakes  no request: when its handshake is done a connection says that it ends, and when the proxy has ended it too, the
//                        next one begins. So each handshake that counts is one that the proxy has done as well.
// --to PORT --requests FILE --connections N --seconds S --warmup S [--cpu PID,PID…] [--host NAME]
// FILE holds one request as "LENGTH\nBYTES\n"; `handshakes` doesn't read it.
#include "tls.h"
#include "window.h"

#include <fcntl.h>

enum { HEAD = 8192, EVENTS = 256, SOURCES = 2000 };

struct conn {
  int fd, have, want;
  enum { SHAKING, READING, ENDING } state;
  int64_t since;
  SSL *ssl;
  char reply[HEAD];
};

static int handshakes, port, epoll;
static unsigned source;
static const char *host, *alpn = "\x08http/1.1";
static SSL_CTX *ctx;
static char request[HEAD];
static int requestLen;

static void advance(struct conn *c);

static void read_request(const char *path) {
  FILE *f = fopen(path, "r");
  if (!f || fscanf(f, "%d\n", &requestLen) != 1 || requestLen > HEAD || (int)fread(request, 1, requestLen, f) != requestLen)
    die("read a request from %s", path);
  fclose(f);
}

static void open_conn(struct conn *c) {
  if (handshakes) source = source % SOURCES + 1;
  c->since = now_ns();
  c->fd = connect_loopback(port, source);
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  c->ssl = tls_over(ctx, c->fd, host);
  c->state = SHAKING;
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e)) die("epoll_ctl");
  advance(c);
}

static void reopen(struct conn *c) {
  SSL_free(c->ssl);
  close(c->fd);
  open_conn(c);
}

static void lose(struct conn *c) {
  window.failed++;
  if (window.failed > 100) {
    errno = 0;
    die("more than 100 connections failed");
  }
  reopen(c);
}

static void start(struct conn *c) {
  c->since = now_ns();
  c->have = c->want = 0;
  c->state = READING;
  if (SSL_write(c->ssl, request, requestLen) != requestLen) die_tls("send a request");
}

static void shaken(struct conn *c) {
  expect_alpn(c->ssl, alpn);
  if (!handshakes) {
    start(c);
    return;
  }
  c->state = ENDING;
  SSL_shutdown(c->ssl);
  shutdown(c->fd, SHUT_WR);
}

// Tickets and the proxy's own farewell are not looked at.
static void await_end(struct conn *c) {
  ssize_t n;
  while ((n = recv(c->fd, c->reply, HEAD, 0)) > 0) continue;
  if (n < 0 && errno == EAGAIN) return;
  int64_t now = now_ns();
  window_note(c->since, now, now);
  reopen(c);
}

static void take(struct conn *c, int n) {
  window.bytes += n;
  c->have += n;
  if (!c->want) {
    char *end = memmem(c->reply, c->have, "\r\n\r\n", 4);
    if (!end) return;
    int headLen = end + 4 - c->reply;
    const char *length = field(c->reply, headLen, "content-length");
    errno = 0;
    if (!length) die("a reply has no Content-Length: %.*s", headLen, c->reply);
    window.statuses[atoi(c->reply + 9) % 1000]++;
    c->want = headLen + atoi(length);
    if (c->want >= HEAD) die("a reply has more than %d bytes", HEAD);
  }
  if (c->have < c->want) return;
  errno = 0;
  if (c->have > c->want) die("bytes after the end of a reply");
  int64_t now = now_ns();
  window_note(c->since, now, now);
  start(c);
}

static void advance(struct conn *c) {
  if (c->state == SHAKING) {
    int s = tls_state(c->ssl, SSL_do_handshake(c->ssl));
    if (s < 0) lose(c);
    if (s <= 0) return;
    shaken(c);
  }
  if (c->state == ENDING) {
    await_end(c);
    return;
  }
  for (;;) {
    int n = SSL_read(c->ssl, c->reply + c->have, HEAD - c->have), s = tls_state(c->ssl, n);
    if (s < 0) lose(c);
    if (s <= 0) return;
    take(c, n);
  }
}

int main(int argc, char **argv) {
  errno = 0;
  if (argc < 2) die("say closed or handshakes first");
  handshakes = strcmp(argv[1], "handshakes") == 0;
  port = atoi(option(argc, argv, "to", NULL));
  host = option(argc, argv, "host", "bench.test");
  int connections = atoi(option(argc, argv, "connections", "64"));
  if (!handshakes) read_request(option(argc, argv, "requests", NULL));
  ctx = tls_context(alpn);
  epoll = epoll_create1(0);
  struct conn *conns = calloc(connections, sizeof *conns);
  window_begin(argc, argv);
  for (int i = 0; i < connections; i++) open_conn(&conns[i]);
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
