// Holds idle keep-alive connections. Each line on stdin is a number: that many are opened in all, one request on each, one after the
// other; then the number is printed back. Before that all that are open are looked at: an idle connection that the proxy has closed is an
// error. Ends, with its connections, when stdin does.
//   idle --to PORT --host NAME
#include "common.h"

enum { HEAD = 8192, PER_SOURCE = 4000, MOST = 1 << 16 };

static int conns[MOST];

static void one_request(int fd, const char *request, size_t len) {
  char reply[HEAD];
  size_t have = 0, want = 0;
  if (send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len) die("send a request");
  while (!want || have < want) {
    ssize_t n = recv(fd, reply + have, HEAD - have, 0);
    if (n <= 0) die("read a reply");
    have += n;
    char *end = want ? NULL : memmem(reply, have, "\r\n\r\n", 4);
    if (!end) continue;
    const char *length = field(reply, end + 4 - reply, "content-length");
    errno = 0;
    if (!length) die("a reply has no Content-Length");
    want = end + 4 - reply + atol(length);
    if (want > HEAD) die("a reply has more than %d bytes", HEAD);
  }
}

static void still_open(int fd) {
  char c;
  if (recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN) die("the proxy closed an idle connection or wrote to it");
  errno = 0;
}

int main(int argc, char **argv) {
  int port = atoi(option(argc, argv, "to", NULL)), open = 0, wanted;
  char request[256];
  int len = snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", option(argc, argv, "host", "bench.test"));
  while (scanf("%d", &wanted) == 1) {
    for (int i = 0; i < open; i++) still_open(conns[i]);
    for (; open < wanted && open < MOST; open++) {
      conns[open] = connect_loopback(port, 1 + open / PER_SOURCE);
      one_request(conns[open], request, len);
    }
    printf("%d\n", open);
    fflush(stdout);
  }
  return 0;
}
