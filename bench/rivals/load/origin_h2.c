// The origin of the gRPC work: HTTP/2 with prior knowledge, one thread. Each request that has ended gets a head, a message of 100 bytes
// and trailers with grpc-status 0, in one piece. Field blocks are fixed: what the requests' fields say is not looked at, and where
// the proxy keeps a dynamic table, each connection's first reply fills it. Prints its port, then serves until stdin ends.
#include "h2.h"

enum { EVENTS = 256, IN = 1 << 17, OUT = 1 << 18, MESSAGE = 105, REPLY_MOST = 512, WAITING = 4096, UPDATE = 16384 };

struct block {
  uint8_t bytes[128];
  uint32_t len;
};

struct conn {
  int fd, prefaced, filled;
  int64_t room;               // The proxy's window for this connection.
  uint32_t table, received;   // `table`: octets of the proxy's dynamic table.
  uint32_t waiting[WAITING], waitFirst, waitEnd;
  uint8_t *out, *outEnd;
  size_t have, blocked;
  uint8_t in[IN];
};

static const char PREFACE[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
static struct block plainHead, addHead, knownHead, plainTail, addTail, knownTail;
static uint8_t message[MESSAGE] = {0, 0, 0, 0, MESSAGE - 5};

static void make_blocks(void) {
  enum { STATUS_200 = 0x88, CONTENT_TYPE = 31, SERVER = 54, NEWEST = 0x80 | 62 };
  for (int add = 0; add < 2; add++) {
    struct block *head = add ? &addHead : &plainHead, *tail = add ? &addTail : &plainTail;
    uint8_t *p = head->bytes;
    if (!add) *p++ = 0x20;  // The table has no room: RFC 7541 section 4.2 wants that said.
    *p++ = STATUS_200;
    p = put_field(p, add, CONTENT_TYPE, NULL, "application/grpc");
    p = put_field(p, add, SERVER, NULL, "origin");
    head->len = p - head->bytes;
    tail->len = put_field(tail->bytes, add, 0, "grpc-status", "0") - tail->bytes;
  }
  knownHead = (struct block){.bytes = {STATUS_200, NEWEST + 2, NEWEST + 1}, .len = 3};
  knownTail = (struct block){.bytes = {NEWEST}, .len = 1};
  memset(message + 5, 'x', MESSAGE - 5);
}

static void drop(struct conn *c) {
  close(c->fd);
  free(c->out);
  free(c);
}

static void reply(struct conn *c, uint32_t stream) {
  errno = 0;
  if (c->room < MESSAGE) {
    if (c->waitEnd - c->waitFirst == WAITING) die("more than %d replies wait for the proxy's window", WAITING);
    c->waiting[c->waitEnd++ % WAITING] = stream;
    return;
  }
  if (c->outEnd + REPLY_MOST > c->out + OUT) die("more than %d bytes wait for the proxy", OUT);
  const struct block *head = c->table < 4096 ? &plainHead : c->filled ? &knownHead : &addHead;
  const struct block *tail = c->table < 4096 ? &plainTail : c->filled ? &knownTail : &addTail;
  c->filled = 1;
  c->room -= MESSAGE;
  c->outEnd = put_frame(c->outEnd, HEADERS, END_HEADERS, stream, head->bytes, head->len);
  c->outEnd = put_frame(c->outEnd, DATA, 0, stream, message, MESSAGE);
  c->outEnd = put_frame(c->outEnd, HEADERS, END_HEADERS | END_STREAM, stream, tail->bytes, tail->len);
}

static void settle(struct conn *c, const struct frame *f) {
  if (f->flags & ACK) return;
  for (uint32_t at = 0; at + 6 <= f->len; at += 6) {
    int id = f->body[at] << 8 | f->body[at + 1];
    if (id == HEADER_TABLE_SIZE) c->table = get32(f->body + at + 2);
    errno = 0;
    if (id == INITIAL_WINDOW_SIZE && get32(f->body + at + 2) < MESSAGE) die("the proxy takes less than a message at a time");
  }
  c->outEnd = put_frame_head(c->outEnd, 0, SETTINGS, ACK, 0);
}

static void on_frame(struct conn *c, const struct frame *f) {
  switch (f->type) {
    case SETTINGS: settle(c, f); break;
    case PING:
      if (!(f->flags & ACK)) c->outEnd = put_frame(c->outEnd, PING, ACK, 0, f->body, f->len);
      break;
    case WINDOW_UPDATE:
      if (f->stream == 0) c->room += get32(f->body);
      while (c->room >= MESSAGE && c->waitFirst != c->waitEnd) reply(c, c->waiting[c->waitFirst++ % WAITING]);
      break;
    case DATA:
      c->received += f->len;
      if (c->received >= UPDATE) {
        c->outEnd = put_window_update(c->outEnd, 0, c->received);
        c->received = 0;
      }
      // fall through
    case HEADERS:
      if (f->flags & END_STREAM) reply(c, f->stream);
      break;
    default: break;
  }
}

static int flush(struct conn *c, int ep) {
  size_t len = c->outEnd - c->out;
  ssize_t n = len ? send(c->fd, c->out, len, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
  if (n < 0 && errno != EAGAIN) return -1;
  if (n > 0) {
    memmove(c->out, c->out + n, len - n);
    c->outEnd -= n;
  }
  size_t blocked = c->outEnd != c->out;
  if (blocked == c->blocked) return 0;
  c->blocked = blocked;
  struct epoll_event e = {.events = blocked ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = c};
  return epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
}

static int readable(struct conn *c) {
  ssize_t n = recv(c->fd, c->in + c->have, IN - c->have, MSG_DONTWAIT);
  if (n <= 0) return n < 0 && errno == EAGAIN ? 0 : -1;
  c->have += n;
  size_t at = 0;
  if (!c->prefaced) {
    if (c->have < sizeof PREFACE - 1) return 0;
    if (memcmp(c->in, PREFACE, sizeof PREFACE - 1)) return -1;
    c->prefaced = 1;
    at = sizeof PREFACE - 1;
  }
  struct frame f;
  for (uint32_t len; (len = take_frame(c->in + at, c->have - at, &f)); at += len) on_frame(c, &f);
  memmove(c->in, c->in + at, c->have -= at);
  return 0;
}

static void open_conn(int listener, int ep) {
  int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), one = 1;
  if (fd < 0) return;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct conn *c = calloc(1, sizeof *c);
  c->fd = fd;
  c->room = WINDOW;
  c->table = 4096;
  c->out = malloc(OUT);
  c->outEnd = put_frame_head(c->out, 0, SETTINGS, 0, 0);
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}

int main(void) {
  make_blocks();
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ep = epoll_create1(0);
  struct sockaddr_in at = loopback(0);
  socklen_t atLen = sizeof at;
  if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 4096)) die("listen");
  getsockname(listener, (struct sockaddr *)&at, &atLen);
  printf("%d\n", ntohs(at.sin_port));
  fflush(stdout);

  struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL}, in = {.events = EPOLLIN, .data.ptr = &plainHead}, events[EVENTS];
  epoll_ctl(ep, EPOLL_CTL_ADD, listener, &e);
  epoll_ctl(ep, EPOLL_CTL_ADD, 0, &in);
  for (;;) {
    int n = epoll_wait(ep, events, EVENTS, -1);
    for (int i = 0; i < n; i++) {
      struct conn *c = events[i].data.ptr;
      if (events[i].data.ptr == &plainHead) {
        char line[64];
        if (read(0, line, sizeof line) <= 0) return 0;
      } else if (!c) open_conn(listener, ep);
      else if ((events[i].events & ~(uint32_t)EPOLLOUT && readable(c)) || flush(c, ep)) drop(c);
    }
  }
}
