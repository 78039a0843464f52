/* The lock-down that every process with foreign code gets. sandbox.c; Linux only. */
#ifndef CV_SANDBOX_H
#define CV_SANDBOX_H
#include <stdint.h>

enum cv_feature {
    CV_LANDLOCK = 1, CV_SECCOMP = 2, CV_OWN_UID = 4, CV_NET_NS = 8, CV_PID_NS = 16, CV_IPC_NS = 32, CV_OWN_PROC = 64
};

/* Which system calls stay: while a shared object is loaded, while it computes, for a compiler, for a whole program. */
enum cv_profile { CV_LOADING, CV_COMPUTING, CV_COMPUTING_LENIENT, CV_COMPILING, CV_PROGRAM };
#define CV_PROGRAM_FD 60 /* where a whole program's executable is opened, and the only thing that it may be started from */

uint32_t cv_probe(void);
/* New namespaces for the caller's future children; returns the bits that worked. */
uint32_t cv_unshare(uint32_t wanted);

/* Every function returns 0 or -1 (errno set). The caller decides, by the probed bits, whether -1 is a failure. */
int cv_limit(uint64_t memory_bytes, uint64_t file_bytes, uint32_t cpu_s, uint32_t processes);
int cv_paths(const char *const *readable, const char *const *writable);
int cv_become_nobody(uint32_t uid);
int cv_drop_capabilities(void);
int cv_no_new_privileges(void);
int cv_system_calls(enum cv_profile profile);
extern const char *const cv_system_paths[];
#endif
