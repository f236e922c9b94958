// What every load generator measures: the replies of a window that begins after the warm-up, their latencies, and the CPU time that the
// processes of --cpu used in it. It is printed as one line of JSON.
#ifndef WEIR_BENCH_WINDOW_H
#define WEIR_BENCH_WINDOW_H
#include "common.h"

enum { PIDS = 64 };
enum stage { WARMING, MEASURING, OVER };

static struct {
  enum stage stage;
  int64_t start, end, cpuBegin, cpuEnd;
  clockid_t clocks[PIDS];
  int clockCount;
  uint32_t *latency;  // hundreds of nanoseconds
  size_t latencies, room;
  uint64_t done, failed, reconnects, bytes, statuses[1000];
} window;

static inline int64_t cpu_ns(void) {
  int64_t sum = 0;
  for (int i = 0; i < window.clockCount; i++) {
    struct timespec t;
    if (clock_gettime(window.clocks[i], &t)) die("a measured process has ended");
    sum += (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
  }
  return sum;
}

// Reads --cpu, --warmup and --seconds; the warm-up begins with window_begin.
static inline void window_begin(int argc, char **argv) {
  char *pids = strdup(option(argc, argv, "cpu", ""));
  for (char *p = strtok(pids, ","); p && window.clockCount < PIDS; p = strtok(NULL, ","))
    if (clock_getcpuclockid(atoi(p), &window.clocks[window.clockCount++])) { errno = 0; die("no process %s", p); }
  window.room = 1 << 16;
  window.latency = malloc(sizeof *window.latency * window.room);
  window.start = now_ns() + (int64_t)(atof(option(argc, argv, "warmup", "0.5")) * 1e9);
  window.end = window.start + (int64_t)(atof(option(argc, argv, "seconds", "3")) * 1e9);
}

static inline enum stage window_at(int64_t now) {
  if (window.stage == WARMING && now >= window.start) {
    window.stage = MEASURING;
    window.end += now - window.start;
    window.start = now;
    window.cpuBegin = cpu_ns();
    window.bytes = 0;
    memset(window.statuses, 0, sizeof window.statuses);
  } else if (window.stage == MEASURING && now >= window.end) {
    window.stage = OVER;
    window.end = now;
    window.cpuEnd = cpu_ns();
  }
  return window.stage;
}

// A reply to what began at `since`; it counts when `mark` is within the window.
static inline void window_note(int64_t since, int64_t now, int64_t mark) {
  if (mark < window.start || mark >= window.end) return;
  window.done++;
  if (window.latencies == window.room) window.latency = realloc(window.latency, sizeof *window.latency * (window.room *= 2));
  window.latency[window.latencies++] = (now - since) / 100;
}

// Waits for events until `wake` at the latest.
static inline int wait_events(int epoll, struct epoll_event *events, int most, int64_t wake) {
  int64_t wait = wake - now_ns();
  if (wait < 0) wait = 0;
  struct timespec t = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
  return epoll_pwait2(epoll, events, most, &t, NULL);
}

static inline int by_value(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static inline double quantile(double q) { return window.latencies ? window.latency[(size_t)(q * (window.latencies - 1))] / 10.0 : 0; }

static inline void window_print(uint64_t unfinished) {
  qsort(window.latency, window.latencies, sizeof *window.latency, by_value);
  printf("{\"requests\":%lu,\"failed\":%lu,\"unfinished\":%lu,\"reconnects\":%lu,\"seconds\":%.6f,\"bytes\":%lu,\"cpuNs\":%ld,"
         "\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f,\"statuses\":{",
         window.done, window.failed, unfinished, window.reconnects, (window.end - window.start) / 1e9, window.bytes,
         window.cpuEnd - window.cpuBegin, quantile(.5), quantile(.9), quantile(.99), quantile(.999), quantile(1));
  for (int s = 0, first = 1; s < 1000; s++)
    if (window.statuses[s]) printf("%s\"%d\":%lu", first ? "" : ",", s, window.statuses[s]), first = 0;
  puts("}}");
}
#endif
