// A load generator on one thread. Prints one line of JSON about its window, which begins after the warm-up.
//   load closed  each connection sends its next request when the reply to the last one has come
//   load new     likewise, with a new connection for each request (the requests say `Connection: close`)
//   load open    requests arrive at --rate a second whatever the replies do, at exponential distances; a latency runs from the arrival,
//                the wait for a free connection included, so that a stall of the proxy counts for every request that came during it
// --to PORT --requests FILE --connections N --seconds S --warmup S [--rate R] [--cpu PID,PID…] [--seed N]
// FILE holds requests as "LENGTH\nBYTES\n", drawn uniformly. --cpu: the processes whose CPU time is read at both ends of the window.
#include "window.h"

#include <math.h>
#include <sys/prctl.h>

enum { HEAD = 8192, EVENTS = 256, BACKLOG = 1 << 20, GRACE_NS = 2000000000 };
enum mode { CLOSED, NEW, OPEN };

struct request { char *bytes; size_t len; };
struct conn {
  int fd, headLen, next;
  enum { IDLE, READING_HEAD, READING_BODY, READING_END } state;
  int64_t since, left;
  char head[HEAD];
};

static enum mode mode;
static int port, epoll, connections, requestCount, freeFirst = -1;
static struct request *requests;
static struct conn *conns;
static int64_t *backlog;
static uint64_t backlogHead, backlogTail, random_state;
static unsigned source;
static char buffer[1 << 16];

static uint64_t draw(void) {  // splitmix64
  uint64_t z = random_state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static void read_requests(const char *path) {
  FILE *f = fopen(path, "r");
  size_t len;
  if (!f) die("open %s", path);
  for (requestCount = 0; fscanf(f, "%zu\n", &len) == 1; requestCount++) {
    if ((requestCount & (requestCount - 1)) == 0) requests = realloc(requests, sizeof *requests * 2 * (requestCount + 1));
    requests[requestCount] = (struct request){.bytes = malloc(len), .len = len};
    if (fread(requests[requestCount].bytes, 1, len, f) != len) die("%s ends within a request", path);
  }
  fclose(f);
  errno = 0;
  if (!requestCount) die("no requests in %s", path);
}

static void open_conn(struct conn *c) {
  if (mode == NEW && ++source > 2000) source = 1;
  c->fd = connect_loopback(port, mode == NEW ? source : 0);
  c->state = IDLE;
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e)) die("epoll_ctl");
}

static void start(struct conn *c, int64_t since) {
  const struct request *r = &requests[draw() % requestCount];
  for (int tries = 0; send(c->fd, r->bytes, r->len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)r->len; tries++) {
    if (tries == 3) die("send a request");
    close(c->fd);
    window.reconnects++;
    open_conn(c);
  }
  c->since = since;
  c->headLen = 0;
  c->state = READING_HEAD;
}

// The connection's exchange is over: what is next for it.
static void proceed(struct conn *c) {
  c->state = IDLE;
  if (mode != OPEN) {
    int64_t at = now_ns();  // The handshake belongs to a request on a connection of its own.
    if (c->fd < 0) open_conn(c);
    start(c, at);
    return;
  }
  if (c->fd < 0) open_conn(c);
  if (backlogHead != backlogTail) {
    start(c, backlog[backlogHead++ % BACKLOG]);
    return;
  }
  c->next = freeFirst;
  freeFirst = c - conns;
}

// In an open loop a request counts by its arrival, whenever it is done.
static void note(const struct conn *c, int64_t now) { window_note(c->since, now, mode == OPEN ? c->since : now); }

static void finish(struct conn *c) {
  note(c, now_ns());
  if (mode == NEW) c->state = READING_END;
  else proceed(c);
}

static void lose(struct conn *c) {
  int was = c->state;
  close(c->fd);
  c->fd = -1;
  if (was == READING_HEAD || was == READING_BODY) window.failed++;
  else if (was == IDLE) {  // The proxy closed it between two requests; it stands in the free list, so it only gets a new socket.
    window.reconnects++;
    open_conn(c);
    return;
  }
  proceed(c);
}

static void readable(struct conn *c) {
  ssize_t n;
  if (c->state == READING_BODY) n = recv(c->fd, NULL, c->left, MSG_DONTWAIT | MSG_TRUNC);  // Bodies are dropped in the kernel.
  else n = recv(c->fd, buffer, sizeof buffer, MSG_DONTWAIT);
  if (n <= 0) {
    if (n == 0 || errno != EAGAIN) lose(c);
    return;
  }
  window.bytes += n;
  if (c->state == READING_BODY) {
    if ((c->left -= n) <= 0) finish(c);
    return;
  }
  errno = 0;
  if (c->state != READING_HEAD) die("bytes after the end of a reply");
  int before = c->headLen, keep = before + n > HEAD ? HEAD - before : n;
  memcpy(c->head + before, buffer, keep);
  c->headLen += keep;
  char *end = memmem(c->head, c->headLen, "\r\n\r\n", 4);
  if (!end) {
    if (c->headLen == HEAD) die("a reply's head has more than %d bytes", HEAD);
    return;
  }
  int headBytes = end + 4 - c->head;
  const char *length = field(c->head, headBytes, "content-length");
  if (!length) die("a reply has no Content-Length: %.*s", headBytes, c->head);
  window.statuses[atoi(c->head + 9) % 1000]++;
  c->left = atoll(length) - (before + n - headBytes);
  c->state = READING_BODY;
  if (c->left <= 0) finish(c);
}

int main(int argc, char **argv) {
  errno = 0;
  if (argc < 2) die("say closed, new or open first");
  mode = strcmp(argv[1], "open") == 0 ? OPEN : strcmp(argv[1], "new") == 0 ? NEW : CLOSED;
  port = atoi(option(argc, argv, "to", NULL));
  connections = atoi(option(argc, argv, "connections", "64"));
  random_state = atoll(option(argc, argv, "seed", "1"));
  double rate = mode == OPEN ? atof(option(argc, argv, "rate", NULL)) : 0;
  read_requests(option(argc, argv, "requests", NULL));
  prctl(PR_SET_TIMERSLACK, 1);  // Arrivals on time: the default lets a sleep last 50 µs longer.
  epoll = epoll_create1(0);
  conns = calloc(connections, sizeof *conns);
  backlog = malloc(sizeof *backlog * BACKLOG);
  window_begin(argc, argv);
  int64_t next = now_ns();
  for (int i = 0; i < connections; i++) {
    open_conn(&conns[i]);
    proceed(&conns[i]);
  }

  struct epoll_event events[EVENTS];
  for (;;) {
    int64_t now = now_ns();
    enum stage stage = window_at(now);
    if (stage == OVER && mode != OPEN) break;
    int64_t wake = stage == WARMING ? window.start : stage == MEASURING ? window.end : window.end + GRACE_NS;
    if (mode == OPEN && stage != OVER) {
      for (; next <= now; next += -log(((draw() >> 11) + 1) * 0x1p-53) / rate * 1e9) {
        if (freeFirst >= 0) {
          struct conn *c = &conns[freeFirst];
          freeFirst = c->next;
          start(c, next);
        } else if (backlogTail - backlogHead < BACKLOG) backlog[backlogTail++ % BACKLOG] = next;
        else die("the proxy is too far behind %.0f requests a second", rate);
      }
      if (next < wake) wake = next;
    } else if (stage == OVER) {
      int busy = backlogHead != backlogTail;
      for (int i = 0; i < connections && !busy; i++) busy = conns[i].state != IDLE;
      if (!busy || now >= window.end + GRACE_NS) break;
    }
    int n = wait_events(epoll, events, EVENTS, wake);
    for (int i = 0; i < n; i++) readable(events[i].data.ptr);
  }

  // What the grace did not end counts with the time that it has waited.
  int64_t now = now_ns();
  uint64_t unfinished = 0;
  if (mode == OPEN) {
    for (int i = 0; i < connections; i++)
      if (conns[i].state != IDLE) unfinished++, note(&conns[i], now);
    for (; backlogHead != backlogTail; unfinished++) {
      struct conn waiting = {.since = backlog[backlogHead++ % BACKLOG]};
      note(&waiting, now);
    }
  }
  window_print(unfinished);
  return 0;
}
