// The origin behind every relay of datagrams: gives back what comes, many with one call. Prints its port, then serves until stdin ends.
#include "common.h"

enum { BATCH = 64, SLOT = 2048, BUFFER = 4 << 20 };

int main(void) {
  static char slots[BATCH][SLOT];
  static struct sockaddr_in from[BATCH];
  static struct mmsghdr messages[BATCH];
  static struct iovec parts[BATCH];
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), ep = epoll_create1(0), buffer = BUFFER;
  struct sockaddr_in at = loopback(0);
  socklen_t atLen = sizeof at;
  if (bind(fd, (struct sockaddr *)&at, sizeof at)) die("bind");
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  getsockname(fd, (struct sockaddr *)&at, &atLen);
  printf("%d\n", ntohs(at.sin_port));
  fflush(stdout);

  struct epoll_event in = {.events = EPOLLIN, .data.fd = 0}, own = {.events = EPOLLIN, .data.fd = fd}, events[2];
  epoll_ctl(ep, EPOLL_CTL_ADD, 0, &in);
  epoll_ctl(ep, EPOLL_CTL_ADD, fd, &own);
  for (;;) {
    int n = epoll_wait(ep, events, 2, -1);
    for (int i = 0; i < n; i++)
      if (events[i].data.fd == 0) {
        char end;
        if (read(0, &end, 1) <= 0) return 0;
      }
    for (;;) {
      for (int i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){slots[i], SLOT};
        messages[i].msg_hdr = (struct msghdr){&from[i], sizeof from[i], &parts[i], 1, NULL, 0, 0};
      }
      int got = recvmmsg(fd, messages, BATCH, 0, NULL);
      if (got <= 0) break;
      for (int i = 0; i < got; i++) parts[i].iov_len = messages[i].msg_len;
      sendmmsg(fd, messages, got, 0);
    }
  }
}
