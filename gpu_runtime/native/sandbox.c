/* The lock-down: resource limits, landlock, an own uid, no new privileges, a system call filter, namespaces.
 *
 * Contract: each wall is a function that returns 0 or -1; runner.c probes once what this machine offers and treats a wall
 * that was there at the probe and fails later as an error of ours. Filters are hand-written BPF: no library is needed.
 *
 *     runner probe          prints the feature bits
 */
#define _GNU_SOURCE
#include "sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the sandbox knows x86-64 and aarch64"
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif

const char *const cv_system_paths[] = {"/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", NULL};

/* ---- limits ------------------------------------------------------------------------------------------------------- */

static int limit(int what, uint64_t soft, uint64_t hard) {
    struct rlimit old, new = {soft, hard};
    if (getrlimit(what, &old)) return -1;
    if (new.rlim_max > old.rlim_max) new.rlim_max = old.rlim_max;
    if (new.rlim_cur > new.rlim_max) new.rlim_cur = new.rlim_max;
    return setrlimit(what, &new);
}

int cv_limit(uint64_t memory_bytes, uint64_t file_bytes, uint32_t cpu_s, uint32_t processes) {
    uint64_t stack = 64ull << 20;
    if (memory_bytes && limit(RLIMIT_AS, memory_bytes, memory_bytes)) return -1;
    if (processes && limit(RLIMIT_NPROC, processes, processes)) return -1;
    return limit(RLIMIT_CPU, cpu_s, cpu_s + 1) | limit(RLIMIT_FSIZE, file_bytes, file_bytes) | limit(RLIMIT_CORE, 0, 0)
         | limit(RLIMIT_NOFILE, 64, 64) | limit(RLIMIT_STACK, stack, stack) | limit(RLIMIT_MEMLOCK, 0, 0)
         | limit(RLIMIT_MSGQUEUE, 0, 0);
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

static int allow_path(int ruleset, const char *path, uint64_t rights) {
    struct landlock_path_beneath_attr rule = {.allowed_access = rights};
    struct stat st;
    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0) return errno == ENOENT ? 0 : -1;
    if (!fstat(rule.parent_fd, &st) && !S_ISDIR(st.st_mode)) /* directory rights are refused on files */
        rule.allowed_access &= LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;
    int failed = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent_fd);
    return failed;
}

int cv_paths(const char *const *readable, const char *const *writable) {
    const uint64_t read = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1) return -1;
    uint64_t all = (1ULL << 13) - 1; /* every right of ABI 1 */
    if (abi >= 2) all |= LANDLOCK_ACCESS_FS_REFER;
    if (abi >= 3) all |= LANDLOCK_ACCESS_FS_TRUNCATE;
    struct landlock_ruleset_attr attr = {.handled_access_fs = all};
    int failed = 0, ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr.handled_access_fs, 0);
    if (ruleset < 0) return -1;
    for (int i = 0; readable && readable[i]; i++) failed |= allow_path(ruleset, readable[i], read);
    for (int i = 0; writable && writable[i]; i++) failed |= allow_path(ruleset, writable[i], all);
    failed |= (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
    close(ruleset);
    return failed;
}

/* ---- identity ----------------------------------------------------------------------------------------------------- */

int cv_become_nobody(uint32_t uid) {
    if (geteuid() != 0) return -1;
    uint32_t choices[] = {uid, 65534};
    for (int i = 0; i < 2; i++)
        if (!setgroups(0, NULL) && !setresgid(choices[i], choices[i], choices[i]) && !setresuid(choices[i], choices[i], choices[i])) return 0;
    return -1;
}

/* In an own user namespace a process without an own uid would keep every capability there. */
int cv_drop_capabilities(void) {
    struct { uint32_t version; int pid; } header = {0x20080522, 0}; /* _LINUX_CAPABILITY_VERSION_3 */
    struct { uint32_t effective, permitted, inheritable; } none[2] = {{0, 0, 0}, {0, 0, 0}};
    return (int)syscall(SYS_capset, &header, none);
}

int cv_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

static void put_line(const char *path, const char *line) {
    int f = open(path, O_WRONLY | O_CLOEXEC);
    if (f >= 0) { if (write(f, line, strlen(line)) < 0) { /* stays the overflow id, which is as good where no file is made */ } close(f); }
}

uint32_t cv_unshare(uint32_t wanted) {
    uint32_t got = 0;
    uid_t uid = getuid();
    gid_t gid = getgid();
    if (geteuid() != 0 && !unshare(CLONE_NEWUSER)) { /* an own user namespace gives the right to make the others */
        char map[64];
        snprintf(map, sizeof map, "%u %u 1", uid, uid);
        put_line("/proc/self/uid_map", map);
        put_line("/proc/self/setgroups", "deny");
        snprintf(map, sizeof map, "%u %u 1", gid, gid);
        put_line("/proc/self/gid_map", map);
    }
    if ((wanted & CV_NET_NS) && !unshare(CLONE_NEWNET)) got |= CV_NET_NS;
    if ((wanted & CV_IPC_NS) && !unshare(CLONE_NEWIPC)) got |= CV_IPC_NS;
    if ((wanted & CV_PID_NS) && !unshare(CLONE_NEWPID)) got |= CV_PID_NS;
    if ((wanted & CV_OWN_PROC) && !unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) got |= CV_OWN_PROC;
    return got;
}

/* ---- system calls ------------------------------------------------------------------------------------------------- */

#define NONE (-1)
static const int computing[] = {
    __NR_futex, __NR_write, __NR_writev, __NR_munmap, __NR_mremap, __NR_madvise, __NR_brk, __NR_sched_yield, __NR_read,
    __NR_sched_getaffinity, __NR_getpid, __NR_gettid, __NR_exit, __NR_exit_group, __NR_rt_sigprocmask, __NR_rt_sigreturn,
    __NR_set_robust_list, __NR_clock_gettime, __NR_clock_nanosleep, __NR_nanosleep, __NR_gettimeofday, __NR_clock_getres,
    __NR_restart_syscall, __NR_sigaltstack, __NR_membarrier, __NR_getrusage, __NR_sysinfo, __NR_close, __NR_fstat, __NR_getcpu,
#ifdef __NR_rseq
    __NR_rseq,
#endif
#ifdef __NR_arch_prctl
    __NR_arch_prctl,
#endif
    NONE};
static const int loading[] = {__NR_openat, __NR_newfstatat, __NR_pread64, __NR_lseek, __NR_getcwd, __NR_readlinkat, __NR_seccomp,
                              __NR_prctl, __NR_fcntl,
#ifdef __NR_open
                              __NR_open, __NR_stat, __NR_lstat, __NR_access, __NR_readlink,
#endif
                              NONE};
/* Answered with an error instead of death: run-times ask for them and can do without. */
static const int refused_softly[] = {__NR_getrandom, __NR_ioctl, __NR_sched_setaffinity, __NR_lseek, __NR_uname, __NR_newfstatat,
                                     __NR_rt_sigpending, NONE};
static const int lenient[] = {__NR_openat, __NR_newfstatat, __NR_readlink, __NR_readlinkat, __NR_getppid, __NR_rt_sigaction, __NR_fcntl,
                              __NR_access, __NR_open, __NR_stat, __NR_pread64, __NR_uname, __NR_getuid, __NR_geteuid, __NR_prctl,
                              __NR_getdents64, __NR_sched_getparam, __NR_sched_getscheduler, __NR_memfd_create,
                              __NR_ftruncate, NONE};
/* What a process of its own may do beside that: start up, use files (landlock says which), ask for the time. */
static const int for_whole_programs[] = {
    __NR_unlinkat, __NR_mkdirat, __NR_renameat, __NR_renameat2, __NR_fsync, __NR_fdatasync, __NR_dup, __NR_dup3, __NR_faccessat, __NR_statx,
    __NR_lseek, __NR_pwrite64, __NR_readv, __NR_truncate, __NR_umask, __NR_set_tid_address, __NR_times, __NR_getgid, __NR_getegid, __NR_ppoll,
    __NR_pselect6, __NR_getitimer, __NR_sched_get_priority_max, __NR_sched_get_priority_min, __NR_fadvise64, __NR_mincore, __NR_getcwd, __NR_personality,
    __NR_getrandom, __NR_readlinkat, __NR_fstatfs, __NR_statfs, __NR_sched_setscheduler, __NR_chdir,
#ifdef __NR_open
    __NR_unlink, __NR_mkdir, __NR_rmdir, __NR_rename, __NR_dup2, __NR_lstat, __NR_select, __NR_poll, __NR_time, __NR_creat, __NR_getpgrp,
#endif
    NONE};
static const int not_for_compilers[] = {
    __NR_socket, __NR_socketpair, __NR_connect, __NR_bind, __NR_listen, __NR_accept, __NR_accept4, __NR_sendto, __NR_sendmsg,
    __NR_recvfrom, __NR_recvmsg, __NR_ptrace, __NR_process_vm_readv, __NR_process_vm_writev, __NR_kill, __NR_tkill, __NR_setsid,
    __NR_setpgid, __NR_mount, __NR_umount2, __NR_unshare, __NR_setns, __NR_bpf, __NR_perf_event_open, __NR_keyctl, __NR_add_key,
    __NR_request_key, __NR_userfaultfd, __NR_io_uring_setup, __NR_io_uring_enter, __NR_init_module, __NR_finit_module, __NR_reboot,
    __NR_personality, __NR_chroot, __NR_pivot_root, __NR_shmget, __NR_shmat, __NR_msgget, __NR_semget, __NR_mq_open, __NR_mknodat,
    __NR_pidfd_open, __NR_pidfd_getfd, __NR_pidfd_send_signal, __NR_open_by_handle_at, __NR_name_to_handle_at, __NR_seccomp,
    NONE};

struct program { struct sock_filter code[512]; int n; };
static void put(struct program *p, uint16_t code, uint32_t k, int jt, int jf) {
    if (p->n >= 512) abort();
    p->code[p->n++] = (struct sock_filter){code, (uint8_t)jt, (uint8_t)jf, k};
}
#define LOAD(field) put(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offsetof(struct seccomp_data, field)), 0, 0)
#define LOAD_ARG(i) put(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offsetof(struct seccomp_data, args) + 8 * (i)), 0, 0)
#define RETURN(value) put(p, BPF_RET | BPF_K, (value), 0, 0)
#define SKIP_UNLESS_EQUAL(value, count) put(p, BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (count))
#define FAIL_WITH(e) (SECCOMP_RET_ERRNO | (e))

/* One return for all of them: every process translates its filter anew, so its length is time. */
static void answer(struct program *p, const int *calls, uint32_t value) {
    int n = 0;
    while (calls[n] != NONE) n++;
    for (int i = 0; i < n; i++) put(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i], n - i, 0);
    put(p, BPF_JMP | BPF_JA, 1, 0, 0);
    RETURN(value);
}

/* call number is loaded: `call` is allowed when (args[arg] & mask) == wanted, otherwise `other` */
static void allow_if(struct program *p, int call, int arg, uint32_t mask, uint32_t wanted, uint32_t other) {
    SKIP_UNLESS_EQUAL((uint32_t)call, 5);
    LOAD_ARG(arg);
    put(p, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
    SKIP_UNLESS_EQUAL(wanted, 1);
    RETURN(SECCOMP_RET_ALLOW);
    RETURN(other);
}

static void for_programs(struct program *p, enum cv_profile profile) {
    int strict = profile == CV_COMPUTING;
    uint32_t threads = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND;
    SKIP_UNLESS_EQUAL(__NR_write, 4); /* only to the bounded output */
    LOAD_ARG(0);
    put(p, BPF_JMP | BPF_JGT | BPF_K, 2, 1, 0);
    RETURN(SECCOMP_RET_ALLOW);
    RETURN(profile == CV_COMPUTING_LENIENT || profile == CV_PROGRAM ? SECCOMP_RET_ALLOW : SECCOMP_RET_TRAP);
    answer(p, computing, SECCOMP_RET_ALLOW);
    if (profile == CV_LOADING) answer(p, loading, SECCOMP_RET_ALLOW);
    if (profile == CV_COMPUTING_LENIENT || profile == CV_PROGRAM) answer(p, lenient, SECCOMP_RET_ALLOW);
    if (profile == CV_PROGRAM) {
        answer(p, for_whole_programs, SECCOMP_RET_ALLOW);
        allow_if(p, __NR_tgkill, 0, 0xffffffffu, (uint32_t)getpid(), SECCOMP_RET_TRAP); /* run-times raise a signal again that they caught */
        allow_if(p, __NR_kill, 0, 0xffffffffu, (uint32_t)getpid(), SECCOMP_RET_TRAP);
        allow_if(p, __NR_execveat, 0, 0xffffffffu, CV_PROGRAM_FD, SECCOMP_RET_TRAP); /* once: the descriptor closes itself */
        allow_if(p, __NR_prlimit64, 0, 0xffffffffu, 0, FAIL_WITH(EPERM)); /* its own limits; hard ones cannot be raised */
    }
    if (strict) { /* no new code once the program is loaded */
        allow_if(p, __NR_mmap, 2, PROT_EXEC, 0, SECCOMP_RET_TRAP);
        allow_if(p, __NR_mprotect, 2, PROT_EXEC, 0, SECCOMP_RET_TRAP);
    }
    SKIP_UNLESS_EQUAL(__NR_mmap, 1); RETURN(SECCOMP_RET_ALLOW);
    SKIP_UNLESS_EQUAL(__NR_mprotect, 1); RETURN(SECCOMP_RET_ALLOW);
    allow_if(p, __NR_clone, 0, threads, threads, SECCOMP_RET_TRAP);
    allow_if(p, __NR_rt_sigaction, 0, ~1u, 32, SECCOMP_RET_TRAP); /* 32 and 33: glibc's own, when the first thread starts */
    SKIP_UNLESS_EQUAL(__NR_tgkill, 6); /* abort() of our own process and nothing else */
    LOAD_ARG(2);
    SKIP_UNLESS_EQUAL(SIGABRT, 3);
    LOAD_ARG(0);
    SKIP_UNLESS_EQUAL((uint32_t)getpid(), 1);
    RETURN(SECCOMP_RET_ALLOW);
    RETURN(SECCOMP_RET_TRAP);
    allow_if(p, __NR_prlimit64, 2, 0xffffffffu, 0, FAIL_WITH(EPERM)); /* reading a limit */
#ifdef __NR_clone3
    SKIP_UNLESS_EQUAL(__NR_clone3, 1); RETURN(FAIL_WITH(ENOSYS)); /* its flags cannot be seen; glibc falls back to clone */
#endif
    answer(p, refused_softly, FAIL_WITH(ENOSYS));
    RETURN(SECCOMP_RET_TRAP);
}

int cv_system_calls(enum cv_profile profile) {
    struct program program = {.n = 0}, *p = &program;
    LOAD(arch);
    SKIP_UNLESS_EQUAL(ARCHITECTURE, 1);
    put(p, BPF_JMP | BPF_JA, 1, 0, 0);
    RETURN(SECCOMP_RET_KILL_PROCESS);
    LOAD(nr);
    /* The kernel tries out a new filter for every system call number, so that answers are quick later: longer than our calls take.
     * It gives that up at an instruction that it does not try out, as this one, which changes nothing. */
    if (profile == CV_LOADING || profile == CV_COMPUTING) put(p, BPF_ALU | BPF_OR | BPF_K, 0, 0, 0);
#ifdef __x86_64__
    put(p, BPF_JMP | BPF_JGE | BPF_K, 0x40000000u, 0, 1); /* the x32 numbers are another way to the same calls */
    RETURN(SECCOMP_RET_KILL_PROCESS);
#endif
    if (profile == CV_COMPILING) {
        answer(p, not_for_compilers, FAIL_WITH(EPERM));
        RETURN(SECCOMP_RET_ALLOW);
    } else for_programs(p, profile);
    struct sock_fprog filter = {(unsigned short)p->n, p->code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
}

/* ---- probe -------------------------------------------------------------------------------------------------------- */

static int works(int (*wall)(void)) {
    pid_t pid = fork();
    if (pid == 0) _exit(wall() == 0 ? 0 : 1);
    int status = 1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
static int try_landlock(void) { return cv_no_new_privileges() || cv_paths(cv_system_paths, NULL); }
static int try_seccomp(void) { return cv_no_new_privileges() || cv_system_calls(CV_LOADING); }
static int try_uid(void) { return cv_become_nobody(1u << 20); }
static int try_net(void) { return !cv_unshare(CV_NET_NS); }
static int try_pid(void) { return !cv_unshare(CV_PID_NS) || !works(try_net); }
static int try_ipc(void) { return !cv_unshare(CV_IPC_NS); }

uint32_t cv_probe(void) {
    return (works(try_landlock) ? CV_LANDLOCK : 0) | (works(try_seccomp) ? CV_SECCOMP : 0) | (works(try_uid) ? CV_OWN_UID : 0)
         | (works(try_net) ? CV_NET_NS : 0) | (works(try_pid) ? CV_PID_NS : 0) | (works(try_ipc) ? CV_IPC_NS : 0);
}
