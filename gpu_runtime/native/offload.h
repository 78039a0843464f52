/* What child.c and hooks.c need of offload.c: the emulated device of OpenMP target regions. */
#ifndef CV_OFFLOAD_H
#define CV_OFFLOAD_H
#include "abi.h"

extern int cv_in_target;                             /* a target region runs: the arguments of the call are host memory to it */
extern int cv_team;                                  /* the team that runs now: its threads are others than those of the team before */
extern int cv_offloaded;                             /* the call has had a target region: threads outside of it do not count as parallel work */
void cv_offload_begin(struct cv_report *report);     /* before a call: nothing is mapped */
void cv_offload_end(void);                           /* after it: what is still mapped is a finding */
const char *cv_offload_fault(const char *address);   /* what an access at an inaccessible address was, NULL when it has nothing to do with a device */
#endif
