/* Which work of emulated CUDA streams is done when. Work is run as it is issued; here it is only known who may rely on that.
 *
 * Contract: every launch and copy is an operation of a stream, with the stamps that pass during it. known[s][t] is the stamp up to which
 * the operations of stream t are done before the next one of stream s begins (s = HOST: before host code goes on). The default
 * stream waits for all streams and all for it, but for those made with cudaStreamNonBlocking. Whoever touches what an
 * operation wrote that is not known to be done has a race (cv_unfinished): hooks.c looks while cv_now.unfinished_span is not 0.
 *
 *     pytest tests/gpu_runtime/test_streams.py
 */
#include "hooks.h"
#include <stdlib.h>
#include <string.h>

enum { MOST_STREAMS = 32, HOST = MOST_STREAMS, MOST_EVENTS = 64 };
/* The same numbers in prelude_cuda_host.h. */
enum { STREAM_NEW, STREAM_WAITS, HOST_WAITS, HOST_WAITS_ALL, ALL_WAIT, EVENT_NEW, EVENT_RECORD, EVENT_HOST_WAITS };

typedef uint32_t clock_row[MOST_STREAMS];
static clock_row known[MOST_STREAMS + 1], events[MOST_EVENTS];
static int n_streams = 1, n_events = 1, running = HOST, non_blocking[MOST_STREAMS];
static struct operation { uint32_t first, last; int stream; } *operations;
static size_t n_operations, most_operations;

static void join(clock_row to, const clock_row from) {
    for (int t = 0; t < n_streams; t++) if (from[t] > to[t]) to[t] = from[t];
}

/* From now on `who` runs: the stamps of what it may not rely on lie in one span. */
static void runs(int who) {
    uint32_t since = UINT32_MAX;
    running = who;
    for (int t = 0; t < n_streams; t++) if (known[t][t] > known[who][t] && known[who][t] + 1 < since) since = known[who][t] + 1;
    cv_now.unfinished_since = since;
    cv_now.unfinished_span = since == UINT32_MAX ? 0 : cv_now.stamp + 1 - since;
}

int cv_unfinished(uint32_t stamp) {
    size_t low = 0, high = n_operations; /* operations before `low` begin no later than the stamp */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (operations[middle].first <= stamp) low = middle + 1; else high = middle;
    }
    const struct operation *o = operations + low - 1;
    return low && o->stream != running && stamp <= o->last && stamp > known[running][o->stream];
}

/* Handles are 8 times the number. Stream 0 and event 0 stand for all that are more than there is room for: they wait for everything. */
static int number_of(unsigned long handle, int count) { return handle % 8 || handle / 8 >= (unsigned long)count ? 0 : (int)(handle / 8); }

static void reach(int s) { /* what stream s waits for without being told */
    join(known[s], known[HOST]);
    for (int t = 0; t < n_streams; t++) if (s == 0 ? !non_blocking[t] : t == 0 && !non_blocking[s]) join(known[s], known[t]);
}

static void host_waits_for_all(void) {
    for (int t = 0; t < n_streams; t++) join(known[HOST], known[t]);
    if (running == HOST) { n_operations = 0; runs(HOST); } /* whatever follows knows of all that was */
}

void cv_stream_begin(unsigned long stream) {
    int s = number_of(stream, n_streams);
    reach(s);
    if (n_operations == most_operations) {
        most_operations = most_operations ? 2 * most_operations : 1024;
        operations = realloc(operations, most_operations * sizeof *operations);
        if (!operations) cv_fail(CV_BAD_LAUNCH, "no memory for the work of streams");
    }
    runs(s);
    operations[n_operations++] = (struct operation){++cv_now.stamp, UINT32_MAX, s};
}

void cv_stream_end(int host_waits) {
    int s = running;
    operations[n_operations - 1].last = known[s][s] = cv_now.stamp;
    if (host_waits) join(known[HOST], known[s]);
    runs(HOST);
}

void cv_streams_reset(void) {
    n_streams = n_events = 1;
    n_operations = 0;
    memset(non_blocking, 0, sizeof non_blocking);
    for (int s = 0; s <= HOST; s++) for (int t = 0; t < MOST_STREAMS; t++) known[s][t] = cv_now.stamp;
    runs(HOST);
}

static unsigned long new_stream(int apart) {
    if (n_streams == MOST_STREAMS) return 0;
    non_blocking[n_streams] = apart;
    return 8 * (unsigned long)n_streams++;
}

static unsigned long new_event(void) {
    if (n_events == MOST_EVENTS) return 0;
    memset(events[n_events], 0, sizeof events[0]); /* not yet recorded: nothing to wait for */
    return 8 * (unsigned long)n_events++;
}

unsigned long cv_stream(int what, unsigned long a, unsigned long b) {
    if (cv_now.in_kernel) return 0;
    int s = number_of(a, n_streams), e = number_of(what == STREAM_WAITS ? b : a, n_events);
    switch (what) {
    case STREAM_NEW: return new_stream((int)a);
    case EVENT_NEW: return new_event();
    case EVENT_RECORD:
        s = number_of(b, n_streams);
        reach(s);
        memcpy(events[e], known[s], sizeof events[e]);
        return 0;
    case STREAM_WAITS:
        if (!e) for (int t = 0; t < n_streams; t++) join(known[s], known[t]);
        else join(known[s], events[e]);
        return 0;
    case ALL_WAIT:
        for (int i = 0; i < n_streams; i++) for (int t = 0; t < n_streams; t++) if (known[t][t] > known[i][t]) known[i][t] = known[t][t];
        return 0;
    case HOST_WAITS: reach(s); join(known[HOST], known[s]); break;
    case EVENT_HOST_WAITS:
        if (!e) host_waits_for_all();
        else join(known[HOST], events[e]);
        break;
    default: host_waits_for_all();
    }
    runs(running);
    return 0;
}
