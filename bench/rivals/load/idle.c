// Holds idle keep-alive connections. Each line on stdin is a number: that many are opened in all, one request on each, one after the
// other; then the number is printed back. Before that all that are open are looked at: an idle connection that the proxy has closed is an
// error. Ends, with its connections, when stdin does.
// With --tls 1 the request goes over TLS, and the client forgets its keys once it has the reply: only the proxy has to remember them.
//   idle --to PORT --host NAME [--tls 1]
#include "tls.h"

enum { HEAD = 8192, PER_SOURCE = 4000, MOST = 1 << 16 };

static int conns[MOST];

static SSL_CTX *ctx;
static const char *host, *alpn = "\x08http/1.1";

static void one_request(int fd, const char *request, size_t len) {
  char reply[HEAD];
  size_t have = 0, want = 0;
  SSL *ssl = NULL;
  if (ctx) {
    ssl = tls_over(ctx, fd, host);
    if (SSL_do_handshake(ssl) != 1) die_tls("a handshake failed");
    expect_alpn(ssl, alpn);
  }
  if ((ssl ? SSL_write(ssl, request, len) : send(fd, request, len, MSG_NOSIGNAL)) != (ssize_t)len) die("send a request");
  while (!want || have < want) {
    ssize_t n = ssl ? SSL_read(ssl, reply + have, HEAD - have) : recv(fd, reply + have, HEAD - have, 0);
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
  SSL_free(ssl);
}

static void still_open(int fd) {
  char c;
  if (recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN) die("the proxy closed an idle connection or wrote to it");
  errno = 0;
}

int main(int argc, char **argv) {
  int port = atoi(option(argc, argv, "to", NULL)), open = 0, wanted;
  host = option(argc, argv, "host", "bench.test");
  if (atoi(option(argc, argv, "tls", "0"))) ctx = tls_context(alpn);
  char request[256];
  int len = snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", host);
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
