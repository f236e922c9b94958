// The origin behind every proxy: keep-alive HTTP/1.1, one thread, as cheap as can be, so that the proxy is what saturates.
// GET /64k and /1m get that many bytes, everything else 130. Prints its port, then serves until stdin ends.
#include "common.h"

enum { HEAD = 8192, EVENTS = 256 };

struct conn {
  int fd, headLen, closing;
  const struct reply *reply;
  size_t sent;
  char head[HEAD];
};

struct reply {
  char *bytes;
  size_t len;
};

static struct reply make_reply(size_t body) {
  struct reply r = {.bytes = malloc(body + 256)};
  int n = sprintf(r.bytes,
                  "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
                  "Content-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", body);
  memset(r.bytes + n, 'x', body);
  r.len = n + body;
  return r;
}

static void drop(struct conn *c) {
  close(c->fd);
  free(c);
}

// Writes on; 0: done, 1: the socket is full, -1: gone.
static int push(struct conn *c) {
  while (c->sent < c->reply->len) {
    ssize_t n = send(c->fd, c->reply->bytes + c->sent, c->reply->len - c->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN ? 1 : -1;
    c->sent += n;
  }
  c->reply = NULL;
  return c->closing ? -1 : 0;
}

int main(void) {
  struct reply small = make_reply(130), medium = make_reply(64 << 10), large = make_reply(1 << 20);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, ep = epoll_create1(0);
  struct sockaddr_in at = loopback(0);
  socklen_t atLen = sizeof at;
  if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 4096)) die("listen");
  getsockname(listener, (struct sockaddr *)&at, &atLen);
  printf("%d\n", ntohs(at.sin_port));
  fflush(stdout);

  struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL}, in = {.events = EPOLLIN, .data.ptr = &small}, events[EVENTS];
  epoll_ctl(ep, EPOLL_CTL_ADD, listener, &e);
  epoll_ctl(ep, EPOLL_CTL_ADD, 0, &in);
  for (;;) {
    int n = epoll_wait(ep, events, EVENTS, -1);
    for (int i = 0; i < n; i++) {
      if (events[i].data.ptr == &small) {
        char line[64];
        if (read(0, line, sizeof line) <= 0) return 0;
        continue;
      }
      struct conn *c = events[i].data.ptr;
      if (!c) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        c = calloc(1, sizeof *c);
        c->fd = fd;
        e = (struct epoll_event){.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
        continue;
      }
      int state = 0;
      if (!c->reply) {
        ssize_t got = recv(c->fd, c->head + c->headLen, HEAD - 1 - c->headLen, MSG_DONTWAIT);
        if (got <= 0) {
          if (got == 0 || errno != EAGAIN) drop(c);
          continue;
        }
        c->headLen += got;
        c->head[c->headLen] = 0;
        if (memcmp(c->head + c->headLen - 4, "\r\n\r\n", 4)) {
          if (c->headLen >= HEAD - 1) drop(c);
          continue;
        }
        const char *connection = field(c->head, c->headLen, "connection"), *path = strchr(c->head, ' ') + 1;
        c->closing = connection && strncasecmp(connection, "close", 5) == 0;
        c->reply = strncmp(path, "/64k", 4) == 0 ? &medium : strncmp(path, "/1m", 3) == 0 ? &large : &small;
        c->sent = c->headLen = 0;
        state = push(c);
        if (state == 1) {
          e = (struct epoll_event){.events = EPOLLOUT, .data.ptr = c};
          epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
        }
      } else if ((state = push(c)) == 0) {
        e = (struct epoll_event){.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
      }
      if (state < 0) drop(c);
    }
  }
}
