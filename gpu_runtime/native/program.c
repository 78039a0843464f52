/* Whole programs: one process of its own per run, locked down, in a private sized tmpfs; what it wrote is handed back.
 *
 * Contract: the program is an executable that is entered by execve once; it can start threads and nothing else. Its files
 * live in a file system in memory that ends with us. Python gives arguments and environment, and reads one struct
 * cv_program_end followed by the files, each as struct cv_program_file, name, content. Exit status 125: our own failure.
 *
 *     runner program FOLDER UID CPU_S MEMORY_MIB FILE_MIB WALL_MS FEATURES SANITIZER RESULT_FD OUT_FD ERR_FD -- EXECUTABLE ARGUMENTS...
 */
#define _GNU_SOURCE
#include "sandbox.h"
#include "watch.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { END_EXIT, END_SIGNAL, END_TIMEOUT, END_MEMORY };
enum { MOST_FILES = 64, MOST_DEPTH = 4 };
struct cv_program_end { int32_t end, code; int64_t max_rss_kib, cpu_ms; int32_t has_files, reserved; };
struct cv_program_file { uint32_t name_bytes, content_bytes; };

extern char **environ;
static uint32_t features, uid, cpu_s, file_mib, wall_ms;
static uint64_t memory_mib;
static int sanitizer, result_fd, out_fd, err_fd, n_files;

static void fail(const char *what) { fprintf(stderr, "%s: %s\n", what, strerror(errno)); _exit(125); }

/* ---- the program's own process ------------------------------------------------------------------------------------ */

static void become(char **argv, int has_files) {
    const char *readable[12], *writable[] = {has_files ? "." : NULL, NULL}, *devices[] = {"/dev/null", NULL};
    int n = 0, executable = open(argv[0], O_PATH | O_CLOEXEC), at = CV_PROGRAM_FD;
    for (; cv_system_paths[n]; n++) readable[n] = cv_system_paths[n];
    readable[n++] = argv[0];
    readable[n++] = devices[0];
    if (sanitizer) { readable[n++] = "/proc/self"; readable[n++] = "/proc/sys/vm"; }
    readable[n] = NULL;
    /* The outputs first: one of them may lie at the number that the executable is given. */
    if (dup2(out_fd, 1) < 0 || dup2(err_fd, 2) < 0) _exit(125);
    if (executable < 0 || (executable != at && dup3(executable, at, O_CLOEXEC) < 0)) fail("executable");
    if (syscall(SYS_close_range, 3u, (unsigned)at - 1, 0u) || syscall(SYS_close_range, (unsigned)at + 1, ~0u, 0u)) fail("descriptors");
    setpgid(0, 0);
    uint32_t processes = features & CV_OWN_UID ? 40 : 0;
    if (cv_limit(sanitizer ? 0 : memory_mib << 20, (uint64_t)file_mib << 20, cpu_s, processes)) fail("limits");
    if (sanitizer) personality(ADDR_NO_RANDOMIZE); /* its shadow memory has fixed places */
    if ((features & CV_LANDLOCK) && (cv_no_new_privileges() || cv_paths(readable, writable))) fail("landlock");
    if ((features & CV_OWN_UID) && cv_become_nobody(uid)) fail("unprivileged uid");
    if (cv_drop_capabilities() || cv_no_new_privileges()) fail("privileges");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if ((features & CV_SECCOMP) && cv_system_calls(CV_PROGRAM)) fail("system call filter");
    syscall(SYS_execveat, at, "", argv + 1, environ, AT_EMPTY_PATH);
    fail("start");
}

/* ---- what watches it ---------------------------------------------------------------------------------------------- */

static int watch(pid_t pid) {
    int64_t deadline = now_ms() + wall_ms;
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), end = -1;
    while (end < 0) {
        int64_t left = deadline - now_ms();
        struct pollfd p = {pidfd, POLLIN, 0};
        siginfo_t i = {0};
        if (left <= 0) end = END_TIMEOUT;
        else if (pidfd >= 0 ? poll(&p, 1, (int)(sanitizer && left > 20 ? 20 : left)) > 0
                            : !usleep(500) && !waitid(P_PID, (id_t)pid, &i, WEXITED | WNOHANG | WNOWAIT) && i.si_pid) end = END_EXIT;
        else if (sanitizer && resident_kib(pid) > (int64_t)(memory_mib << 10)) end = END_MEMORY;
    }
    if (pidfd >= 0) close(pidfd);
    return end;
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

static void put(const void *data, size_t bytes) {
    for (const char *at = data; bytes;) {
        ssize_t n = write(result_fd, at, bytes);
        if (n <= 0) _exit(125);
        at += n; bytes -= (size_t)n;
    }
}

static void hand_over(int folder, const char *entry, const char *name) {
    char block[1 << 14];
    int f = openat(folder, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    if (f < 0) return;
    if (!fstat(f, &st) && S_ISREG(st.st_mode) && st.st_size <= (off_t)file_mib << 20 && n_files++ < MOST_FILES) {
        struct cv_program_file head = {(uint32_t)strlen(name), (uint32_t)st.st_size};
        put(&head, sizeof head);
        put(name, head.name_bytes);
        for (off_t left = st.st_size; left > 0;) {
            ssize_t n = read(f, block, left < (off_t)sizeof block ? (size_t)left : sizeof block);
            if (n <= 0) _exit(125);
            put(block, (size_t)n);
            left -= n;
        }
    }
    close(f);
}

static void hand_over_folder(int folder, const char *prefix, int depth) {
    DIR *d = fdopendir(folder);
    if (!d) return;
    for (struct dirent *e; (e = readdir(d));) {
        char name[1024];
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        if (snprintf(name, sizeof name, "%s%s", prefix, e->d_name) >= (int)sizeof name - 1) continue;
        int below = openat(folder, e->d_name, O_RDONLY | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
        if (below < 0) { hand_over(folder, e->d_name, name); continue; }
        strcat(name, "/");
        if (depth < MOST_DEPTH) hand_over_folder(below, name, depth + 1); else close(below);
    }
    closedir(d);
}

/* ---- one run ------------------------------------------------------------------------------------------------------ */

/* The first process of the namespaces: starts the program, ends whatever is left of it, and hands back what it made. */
static void run(const char *folder, char **argv) {
    char options[128];
    struct cv_program_end reply = {END_EXIT, 0, 0, 0, 0, 0};
    struct rusage usage = {0};
    int status = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if ((features & CV_OWN_PROC) && mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL)) features &= ~(uint32_t)CV_OWN_PROC;
    snprintf(options, sizeof options, "size=%um,nr_inodes=%d,mode=777", file_mib, MOST_FILES);
    reply.has_files = (features & CV_OWN_PROC) && !mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options);
    if (chdir(folder)) fail("work folder");
    pid_t pid = fork();
    if (pid < 0) fail("fork");
    if (pid == 0) become(argv, reply.has_files);
    reply.end = watch(pid);
    if (reply.end != END_EXIT) kill(pid, SIGKILL);
    while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {}
    kill(features & CV_PID_NS ? -1 : -pid, SIGKILL);
    if (reply.end == END_EXIT && WIFSIGNALED(status)) { reply.end = END_SIGNAL; reply.code = WTERMSIG(status); }
    else if (reply.end == END_EXIT) reply.code = WEXITSTATUS(status);
    reply.max_rss_kib = usage.ru_maxrss;
    reply.cpu_ms = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
    put(&reply, sizeof reply);
    int top = reply.has_files ? open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (top >= 0) hand_over_folder(top, "", 0);
    _exit(0);
}

int cv_program(int argc, char **argv) {
    if (argc < 13 || strcmp(argv[11], "--")) return 2;
    uid = (uint32_t)strtoul(argv[1], NULL, 10); cpu_s = (uint32_t)atoi(argv[2]); memory_mib = strtoull(argv[3], NULL, 10);
    file_mib = (uint32_t)atoi(argv[4]); wall_ms = (uint32_t)atoi(argv[5]); features = (uint32_t)strtoul(argv[6], NULL, 10);
    sanitizer = atoi(argv[7]); result_fd = atoi(argv[8]); out_fd = atoi(argv[9]); err_fd = atoi(argv[10]);
    uint32_t namespaces = CV_NET_NS | CV_PID_NS | CV_IPC_NS;
    features = (features & ~namespaces) | cv_unshare((features & namespaces) | CV_OWN_PROC);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pid_t inner = fork();
    if (inner < 0) { perror("fork"); return 125; }
    if (inner == 0) run(argv[0], argv + 12);
    int status = 0;
    while (waitpid(inner, &status, 0) < 0 && errno == EINTR) {}
    return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
