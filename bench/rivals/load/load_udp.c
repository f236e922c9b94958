// A load generator of datagrams on one thread. Prints one line of JSON about its window, which begins after the warm-up.
//   load_udp closed  each socket sends its next datagram when the answer to the last one has come
// --to PORT --connections N --seconds S --warmup S [--body BYTES] [--cpu PID,PID…]
// Datagrams may be lost: one without an answer after 200 ms is sent again, and counted as a reconnect.
#include "window.h"

enum { EVENTS = 256, MOST_BYTES = 65507, LOST_NS = 200000000 };

struct client { int fd; int64_t since; };

static char bytes[MOST_BYTES];

int main(int argc, char **argv) {
  errno = 0;
  if (argc < 2 || strcmp(argv[1], "closed")) die("say closed first");
  int port = atoi(option(argc, argv, "to", NULL)), clients = atoi(option(argc, argv, "connections", "64"));
  int size = atoi(option(argc, argv, "body", "100")), epoll = epoll_create1(0);
  struct client *all = calloc(clients, sizeof *all);
  struct sockaddr_in to = loopback(port);
  struct epoll_event events[EVENTS];
  memset(bytes, 'x', sizeof bytes);
  window_begin(argc, argv);
  for (int i = 0; i < clients; i++) {
    all[i].fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (all[i].fd < 0 || connect(all[i].fd, (struct sockaddr *)&to, sizeof to)) die("connect to 127.0.0.1:%d", port);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = &all[i]};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &e)) die("epoll_ctl");
    all[i].since = now_ns();
    send(all[i].fd, bytes, size, 0);
  }
  int64_t look = now_ns() + LOST_NS;
  for (;;) {
    int64_t now = now_ns();
    enum stage stage = window_at(now);
    if (stage == OVER) break;
    if (now >= look) {
      look = now + LOST_NS;
      for (int i = 0; i < clients; i++)
        if (now - all[i].since > LOST_NS) {
          if (stage == MEASURING) window.reconnects++;
          all[i].since = now;
          send(all[i].fd, bytes, size, 0);
        }
    }
    int64_t wake = stage == WARMING ? window.start : window.end;
    int n = wait_events(epoll, events, EVENTS, wake < look ? wake : look);
    for (int i = 0; i < n; i++) {
      struct client *c = events[i].data.ptr;
      ssize_t got = recv(c->fd, bytes, sizeof bytes, 0);
      if (got < 0) continue;
      if (got != size) { errno = 0; die("an answer has %zd bytes, wanted %d", got, size); }
      int64_t at = now_ns();
      window.bytes += got;
      window_note(c->since, at, at);
      c->since = at;
      send(c->fd, bytes, size, 0);
    }
  }
  window_print(0);
  return 0;
}
