// What the origin and the load generators share: time, sockets, arguments. Linux only, one thread, loopback only.
#ifndef WEIR_BENCH_COMMON_H
#define WEIR_BENCH_COMMON_H
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

__attribute__((noreturn)) static inline void die(const char *what, ...) {
  va_list args;
  va_start(args, what);
  vfprintf(stderr, what, args);
  va_end(args);
  if (errno) fprintf(stderr, ": %s", strerror(errno));
  fputc('\n', stderr);
  exit(1);
}

static inline int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// The value after `--name`, or `fallback`.
static inline const char *option(int argc, char **argv, const char *name, const char *fallback) {
  for (int i = 1; i + 1 < argc; i++)
    if (strncmp(argv[i], "--", 2) == 0 && strcmp(argv[i] + 2, name) == 0) return argv[i + 1];
  if (!fallback) { errno = 0; die("give --%s", name); }
  return fallback;
}

static inline struct sockaddr_in loopback(int port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}

// Connects from 127.1.x.y: with many sources, ports in TIME_WAIT never run out. `source` 0 leaves the choice to the kernel.
static inline int connect_loopback(int port, unsigned source) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
  if (fd < 0) die("socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (source) {
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(0x7f010000u | (source & 0xffff));
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&from, sizeof from)) die("bind the source address");
  }
  struct sockaddr_in to = loopback(port);
  if (connect(fd, (struct sockaddr *)&to, sizeof to)) die("connect to 127.0.0.1:%d", port);
  return fd;
}

// The value of field `name` in a head of `n` bytes, NULL when absent.
static inline const char *field(const char *head, size_t n, const char *name) {
  size_t len = strlen(name);
  for (const char *p = head, *end = head + n; (p = memchr(p, '\n', end - p)) && ++p + len < end;)
    if (p[len] == ':' && strncasecmp(p, name, len) == 0) {
      for (p += len + 1; *p == ' '; p++) continue;
      return p;
    }
  return NULL;
}
#endif
