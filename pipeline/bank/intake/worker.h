/*
 * A worker: a function that runs in a child process and says what came of it as text. It dies
 * with its parent, has a limit of memory, and may crash without harm to anyone else. The parent must not have
 * entered HDF5 before: its state does not survive a fork.
 */
#ifndef VL_WORKER_H
#define VL_WORKER_H

#include "formats/buf.h"
#include <stdbool.h>
#include <sys/types.h>

typedef struct vl_worker {
    pid_t pid;   /* 0: none */
    int fd;      /* what it says */
    vl_buf said; /* ends with 0 after vl_worker_wait */
} vl_worker;

/* Runs work(argument, fd) in a child; what it returns is the exit code. max_memory: bytes of data, 0: no
 * limit. */
vl_code vl_worker_start(vl_worker *w, int (*work)(void *argument, int fd), void *argument,
                        uint64_t max_memory, vl_err *err);
/* Takes what the worker has said so far, without waiting. True: it says no more. */
bool vl_worker_hear(vl_worker *w);
/* Waits for the end: hears the rest; exit code, or 128 + number of the signal that killed it. */
int vl_worker_wait(vl_worker *w);
/* The error that belongs to the exit code of a worker whose words are all that is known of it. */
vl_code vl_worker_code(int exit_code);
/* Did it refuse before it changed anything? Failed calls, lack of memory, faults and signals come in the
 * middle: what it did by then, its last words may not tell. */
bool vl_worker_refused(int exit_code);
void vl_worker_kill(const vl_worker *w); /* SIGKILL */
void vl_worker_free(vl_worker *w);

/* Something for it to do, and a descriptor that it gets a copy of. VL_EBUSY: it is gone. */
vl_code vl_worker_give(const vl_worker *w, const void *what, size_t n, int fd, vl_err *err);

/* In the child: writes text to fd. */
bool vl_worker_say(int fd, const char *text);
/* In the child: waits for what it is given. *lent: to be closed; -1: none came. False: there will be no
 * more. */
bool vl_worker_take(int fd, void *what, size_t n, int *lent);

#endif
