/* The runner: one process per worker that forks a locked-down child for every batch of calls.
 *
 * Contract: `serve` speaks on a socket: hello once, then per batch one byte in, one struct cv_reply out. The batch lies in
 * the arena file (batch.h); text of the program and of the sanitizers goes to the output file. The runner itself never loads
 * foreign code and never maps the arrays. `exec` locks the caller down and becomes a compiler.
 *
 *     runner probe | runner serve ARENA_FD OUTPUT_FD SOCKET_FD UID | runner exec DIR UID CPU_S MEMORY_MIB FILE_MIB FEATURES -- COMMAND...
 */
#define _GNU_SOURCE
#include "batch.h"
#include "sandbox.h"
#include "watch.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef CV_SANITIZER /* its run-time needs huge address space and may read its own modules; memory is watched from outside */
enum { sanitizer = 1 };
#else
enum { sanitizer = 0 };
#endif

#ifdef CV_SANITIZER
/* LLVM's OpenMP run-time registers itself in shared memory of the system, which the sandbox denies; private memory does. */
int shm_open(const char *name, int flags, mode_t mode) { (void)flags; (void)mode; return (int)syscall(SYS_memfd_create, name, 1u); }
int shm_unlink(const char *name) { (void)name; return 0; }
#endif

#pragma weak cv_program /* program.c, in the plain runner only */
int cv_program(int argc, char **argv);
int cv_foreign_code;
static int arena_fd, output_fd, socket_fd;
static uint32_t features, uid;

static void give_up(struct cv_batch *b, const char *what) {
    snprintf(b->message, sizeof b->message, "%s: %s", what, strerror(errno));
    _exit(CV_EXIT_SETUP);
}

/* ---- the child ---------------------------------------------------------------------------------------------------- */

static void lock_down(struct cv_batch *b, size_t own_bytes) {
    const char *readable[10];
    int n = 0, memory = sanitizer ? 0 : 1;
    for (; cv_system_paths[n]; n++) readable[n] = cv_system_paths[n];
    readable[n++] = b->artifact;
    if (sanitizer) readable[n++] = "/proc/self/exe"; /* race reports name lines: the symboliser reads its own executable first */
    readable[n] = NULL;
    uint32_t processes = features & CV_OWN_UID ? b->threads : 0; /* counted per uid: only an own uid makes it meaningful */
    if (cv_limit(memory ? own_bytes + b->memory_bytes + b->arena_bytes : 0, b->output_bytes, (b->cpu_ms + 999) / 1000, processes)) give_up(b, "limits");
    if ((features & CV_LANDLOCK) && (cv_no_new_privileges() || cv_paths(readable, NULL))) give_up(b, "landlock");
    if ((features & CV_OWN_UID) && cv_become_nobody(uid)) give_up(b, "unprivileged uid");
    if (cv_drop_capabilities()) give_up(b, "capabilities");
    if (cv_no_new_privileges()) give_up(b, "no new privileges");
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* cleared by the change of uid */
    prctl(PR_SET_DUMPABLE, 0);
    struct itimerval cpu = {.it_value = {b->cpu_ms / 1000, b->cpu_ms % 1000 * 1000}}; /* the resource limit knows whole seconds only */
    if (setitimer(ITIMER_PROF, &cpu, NULL)) give_up(b, "CPU timer");
}

static void filter(struct cv_batch *b, enum cv_profile profile) {
    if ((features & CV_SECCOMP) && cv_system_calls(profile)) give_up(b, "system call filter");
}

static size_t own_address_space(void) {
    char text[64] = "0";
    int f = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (f >= 0) { if (read(f, text, sizeof text - 1) < 0) text[0] = '0'; close(f); }
    size_t bytes = strtoull(text, NULL, 10) * CV_PAGE;
    return bytes ? bytes : (size_t)256 << 20;
}

/* The arrays' pages, inaccessible until their call. `head` is as Python wrote it, but an earlier child may have written to the control
 * area: nothing is ever mapped over but the range reserved for arrays, and nothing but pages of this batch. */
static int map_arrays(const struct cv_batch *b, char *arena, const struct cv_batch *head, uint32_t first) {
    size_t control_bytes = head->control_bytes, arena_bytes = head->arena_bytes, file_bytes = head->file_bytes;
    const struct cv_call *calls = (const struct cv_call *)(b + 1);
    errno = EINVAL;
    for (uint32_t i = first; i < head->n_calls; i++) {
        uint64_t args_at = calls[i].args_at, n = calls[i].n_args;
        if (n > CV_MAX_BUFFERS || args_at > control_bytes || n * sizeof(struct cv_arg) > control_bytes - args_at) return -1;
        const struct cv_arg *args = (const struct cv_arg *)((const char *)b + args_at);
        for (uint64_t k = 0; k < n; k++) {
            uint64_t at = args[k].region_at - control_bytes, bytes = args[k].region_bytes, file_at = args[k].file_at;
            if (!bytes) continue;
            if (at > arena_bytes || bytes > arena_bytes - at || file_at > file_bytes || bytes > file_bytes - file_at) return -1;
            if (mmap(arena + at, bytes, PROT_NONE, MAP_SHARED | MAP_FIXED, arena_fd, (off_t)file_at) == MAP_FAILED) return -1;
        }
    }
    return 0;
}

static void child(const struct cv_batch *head, size_t own_bytes, uint32_t first) {
    setpgid(0, 0);
    /* Far from the arrays, so that a wild index does not reach it (a sanitizer has the address space laid out already). */
    void *far = sanitizer ? NULL : (void *)(1ull << 44);
    struct cv_batch *b = mmap(far, head->control_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, arena_fd, 0);
    if (b == MAP_FAILED) _exit(CV_EXIT_SETUP);
    char *arena = mmap(NULL, head->arena_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena == MAP_FAILED) give_up(b, "arena");
    int folder = open(b->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || fchdir(folder)) give_up(b, "artifact folder"); /* its parents may be closed to our own uid */
    if (dup2(output_fd, 1) < 0 || dup2(output_fd, 2) < 0) give_up(b, "output");
    close(0);
    cv_catch_faults(b, arena);
    lock_down(b, own_bytes);
    if (map_arrays(b, arena, head, first)) give_up(b, "arrays");
    syscall(SYS_close_range, 3u, ~0u, 0u);
    if (!sanitizer && !(b->recorded & CV_QUIET)) filter(b, CV_LOADING);
    if (!sanitizer) clearenv();
    cv_foreign_code = 1;
    char path[128];
    snprintf(path, sizeof path, "./%s", b->artifact);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    cv_entry entry = library ? (cv_entry)dlsym(library, b->symbol) : NULL;
    if (!entry) {
        const char *why = dlerror();
        snprintf(b->message, sizeof b->message, "%s", why ? why : "no entry");
        _exit(CV_EXIT_LOAD);
    }
    if (cv_see_library_calls && (b->recorded & CV_HOOKED)) cv_see_library_calls(library);
    filter(b, sanitizer ? CV_COMPUTING_LENIENT : CV_COMPUTING);
    cv_run_batch(b, first, entry);
}

/* ---- the server --------------------------------------------------------------------------------------------------- */

static int64_t cpu_ms_of(pid_t pid) {
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t)) return -1;
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* On a busy machine the wall clock runs on while a child waits for a processor: past its deadline it goes on as long as it has not had
 * that much CPU time and is getting some. One that sleeps or waits for ever gets none. */
enum { PATIENCE = 10, SLICE_MS = 250, LOOK_MS = 50 };
static int64_t more_ms(pid_t pid, const struct cv_batch *b, int64_t since, int64_t *cpu) {
    int64_t had = *cpu, left = PATIENCE * (int64_t)b->wall_ms - since;
    *cpu = cpu_ms_of(pid);
    if (left <= 0 || *cpu < 0 || *cpu >= (int64_t)b->wall_ms || *cpu <= had) return 0;
    return left < SLICE_MS ? left : SLICE_MS;
}

/* Whether the call that is being run has had all the CPU time that it may have. It counts from when it was first seen to run. What the
 * child wrote is a claim: a false one gets it the batch's time at most. */
struct turn { int32_t call; int64_t since; };
static int call_is_over(pid_t pid, const struct cv_batch *b, struct turn *turn) {
    int32_t current = -1;
    uint32_t most = 0;
    int64_t cpu = cpu_ms_of(pid);
    if (pread(arena_fd, &current, sizeof current, offsetof(struct cv_batch, current)) != sizeof current) return 0;
    if (current < 0 || current >= (int32_t)b->n_calls || current != turn->call) { *turn = (struct turn){current, cpu}; return 0; }
    off_t at = (off_t)(sizeof *b + (size_t)current * sizeof(struct cv_call) + offsetof(struct cv_call, cpu_ms));
    return pread(arena_fd, &most, sizeof most, at) == sizeof most && most && cpu - turn->since >= (int64_t)most;
}

/* Waits until the child has died or a limit is passed; returns the limit (enum cv_end) or CV_END_EXIT. */
static int watch(pid_t pid, int pidfd, const struct cv_batch *b) {
    struct turn turn = {-1, 0};
    int64_t started = now_ms(), deadline = started + b->wall_ms, limit_kib = (int64_t)((b->memory_bytes + b->arena_bytes) >> 10), cpu = 0;
    for (;;) {
        int64_t left = deadline - now_ms();
        if (left <= 0) {
            left = more_ms(pid, b, now_ms() - started, &cpu);
            if (left <= 0) return CV_END_TIMEOUT;
            deadline = now_ms() + left;
        }
        struct pollfd p = {pidfd, POLLIN, 0};
        int64_t most = sanitizer ? 20 : LOOK_MS, slice = left > most ? most : left;
        if (pidfd < 0) { usleep(200); siginfo_t i = {0}; if (!waitid(P_PID, (id_t)pid, &i, WEXITED | WNOHANG | WNOWAIT) && i.si_pid) return CV_END_EXIT; }
        else if (poll(&p, 1, (int)slice) > 0) return CV_END_EXIT;
        if (call_is_over(pid, b, &turn)) return CV_END_CALL;
        if (sanitizer && (features & CV_OWN_PROC) && resident_kib(pid) > limit_kib) return CV_END_MEMORY;
    }
}

/* One child, for the calls from `first` on. */
static struct cv_reply one_child(const struct cv_batch *head, size_t own_bytes, uint32_t first) {
    struct cv_reply reply = {CV_END_FAILED, 0, 0, 0};
    pid_t pid = fork();
    if (pid < 0) { reply.code = errno; return reply; }
    if (pid == 0) { child(head, own_bytes, first); _exit(CV_EXIT_SETUP); }
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), status = 0;
    struct rusage usage = {0};
    reply.end = watch(pid, pidfd, head);
    if (pidfd >= 0) close(pidfd);
    if (reply.end != CV_END_EXIT) { kill(pid, SIGKILL); kill(-pid, SIGKILL); }
    while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {}
    if (features & CV_PID_NS) kill(-1, SIGKILL); /* we are its init: whatever got away ends here */
    else kill(-pid, SIGKILL);
    while (waitpid(-1, NULL, WNOHANG) > 0) {}
    if (reply.end == CV_END_EXIT && WIFSIGNALED(status)) { reply.end = CV_END_SIGNAL; reply.code = WTERMSIG(status); }
    else if (reply.end == CV_END_EXIT) reply.code = WEXITSTATUS(status);
    reply.max_rss_kib = usage.ru_maxrss;
    return reply;
}

enum { PATIENT_WITH = 2 }; /* calls of a batch that take more steps than allowed; those behind them are allowed a sixteenth */

/* The call behind one that stopped and left its reason in its own record; 0 where it is for Python to say what happened.
 * What the child wrote is a claim: it can only name a call of this batch that no child has been started behind yet. */
static uint32_t next_call(const struct cv_batch *head, struct cv_reply reply, uint32_t first, int *endless) {
    int32_t current = -1, state = CV_NOT_RUN, finding = CV_CLEAN;
    if (!head->go_on || reply.end != CV_END_EXIT || reply.code != CV_EXIT_STOPPED) return 0;
    if (pread(arena_fd, &current, sizeof current, offsetof(struct cv_batch, current)) != sizeof current) return 0;
    if (current < (int32_t)first || current + 1 >= (int32_t)head->n_calls) return 0;
    off_t at = (off_t)(sizeof *head + (size_t)current * sizeof(struct cv_call) + offsetof(struct cv_call, state));
    if (pread(arena_fd, &state, sizeof state, at) != sizeof state) return 0;
    at += (off_t)(offsetof(struct cv_call, report) + offsetof(struct cv_report, finding) - offsetof(struct cv_call, state));
    if (state == CV_FINDING && pread(arena_fd, &finding, sizeof finding, at) == sizeof finding) *endless += finding == CV_ENDLESS;
    return state == CV_FINDING || state == CV_MEMORY || state == CV_FAULT ? (uint32_t)current + 1 : 0;
}

static struct cv_reply one_batch(size_t own_bytes) {
    struct cv_reply reply = {CV_END_FAILED, 0, 0, 0};
    struct cv_batch head;
    if (pread(arena_fd, &head, sizeof head, 0) != sizeof head || head.magic != CV_MAGIC) return reply;
    if (ftruncate(output_fd, 0) || lseek(output_fd, 0, SEEK_SET)) return reply;
    int64_t started = now_ms();
    uint32_t first = 0;
    int endless = 0;
    do {
        reply = one_child(&head, own_bytes, first);
        first = next_call(&head, reply, first, &endless);
        if (first && endless == PATIENT_WITH) { /* calls come cheapest first: the others are not likely to end either */
            uint64_t fewer = head.accesses / 16;
            if (pwrite(arena_fd, &fewer, sizeof fewer, offsetof(struct cv_batch, accesses)) != sizeof fewer) break;
        }
    } while (first && now_ms() - started < (int64_t)head.wall_ms); /* every child has the whole time limit: at most twice in all */
    reply.output_bytes = lseek(output_fd, 0, SEEK_END);
    return reply;
}

static int serve(void) {
    char go;
    size_t own_bytes = own_address_space();
    struct cv_hello hello = {CV_MAGIC, features, 0};
    if (send(socket_fd, &hello, sizeof hello, MSG_NOSIGNAL) != sizeof hello) return 1;
    while (recv(socket_fd, &go, 1, 0) == 1) {
        struct cv_reply reply = one_batch(own_bytes);
        if (send(socket_fd, &reply, sizeof reply, MSG_NOSIGNAL) != sizeof reply) break;
    }
    return 0;
}

/* Namespaces are made once, here, so that they cost nothing per batch. The outer process only waits for the inner one. */
static int serve_in_namespaces(void) {
    features = cv_probe();
    uint32_t namespaces = CV_NET_NS | CV_PID_NS | CV_IPC_NS;
    features = (features & ~namespaces) | cv_unshare((features & namespaces) | CV_OWN_PROC);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pid_t inner = fork();
    if (inner < 0) return 1;
    if (inner == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGINT, SIG_IGN);
        if ((features & CV_OWN_PROC) && mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL)) features &= ~(uint32_t)CV_OWN_PROC;
        _exit(serve());
    }
    signal(SIGINT, SIG_IGN);
    close(socket_fd);
    int status = 0;
    while (waitpid(inner, &status, 0) < 0 && errno == EINTR) {}
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* ---- compilers ---------------------------------------------------------------------------------------------------- */

static int run_compiler(char **argv) {
    const char *writable[] = {argv[0], "/dev/null", NULL};
    uint64_t memory = strtoull(argv[3], NULL, 10) << 20, file = strtoull(argv[4], NULL, 10) << 20;
    uint32_t found = (uint32_t)strtoul(argv[5], NULL, 10);
    if (chdir(argv[0])) { perror("work folder"); return 125; }
    writable[0] = ".";
    if (cv_limit(memory, file, (uint32_t)atoi(argv[2]), found & CV_OWN_UID ? 64 : 0)) { perror("limits"); return 125; }
    if (cv_no_new_privileges()) { perror("no new privileges"); return 125; }
    if ((found & CV_LANDLOCK) && cv_paths(cv_system_paths, writable)) { perror("landlock"); return 125; }
    if ((found & CV_OWN_UID) && cv_become_nobody((uint32_t)strtoul(argv[1], NULL, 10))) { perror("unprivileged uid"); return 125; }
    if (cv_drop_capabilities()) { perror("capabilities"); return 125; }
    if ((found & CV_SECCOMP) && cv_system_calls(CV_COMPILING)) { perror("system call filter"); return 125; }
    execv(argv[7], argv + 7);
    perror(argv[7]);
    return 125;
}

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "probe")) { printf("%u\n", cv_probe()); return 0; }
    if (argc == 6 && !strcmp(argv[1], "serve")) {
        arena_fd = atoi(argv[2]); output_fd = atoi(argv[3]); socket_fd = atoi(argv[4]); uid = (uint32_t)strtoul(argv[5], NULL, 10);
        return serve_in_namespaces();
    }
    if (argc > 2 && !strcmp(argv[1], "program") && cv_program) return cv_program(argc - 2, argv + 2);
    if (argc > 9 && !strcmp(argv[1], "exec") && !strcmp(argv[8], "--")) return run_compiler(argv + 2);
    fprintf(stderr, "usage: runner probe | serve ARENA OUTPUT SOCKET UID | exec DIR UID CPU_S MEMORY_MIB FILE_MIB FEATURES -- COMMAND...\n");
    return 2;
}
