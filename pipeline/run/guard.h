/*
 * Guard: a command's work in a child process, so that a library that crashes, gives up or is killed for want
 * of memory ends in one line, a documented exit code, and no temporary file.
 *
 * One more may be made within it, for a part of the work that must not cost the rest.
 *
 * The guard is made before any thread starts and before anything is opened. Signals that ask to stop are
 * handed on to the child, but for those of a terminal, which the child gets by itself; and the child dies
 * with its parent.
 */
#ifndef VL_GUARD_H
#define VL_GUARD_H

#include <signal.h>
#include <stdbool.h>

/* Runs work(argument) in a child and returns its exit code; of a child that died, EX_SOFTWARE or EX_OSERR. */
int vl_guard(int (*work)(void *argument), void *argument);

/* Temporary files that are to vanish if this process dies: named while they exist, forgotten afterwards.
 * Paths that do not fit are not remembered. Without a guard both do nothing. */
void vl_guard_name(const char *path);
void vl_guard_forget(const char *path);

/* For a handler of the child's: how often somebody has asked to stop, with this signal. One that was sent to
 * the whole group counts once, though the guard hands on its own copy. */
int vl_guard_asked(const siginfo_t *info);

/* The store that this process works with, and whether HDF5 is at it (calls may be nested): what a death is
 * told with. A store that HDF5 dies of is a damaged one, EX_DATAERR. */
void vl_guard_store(const char *path);
void vl_guard_hdf5(bool inside);

/* Ends this process as the reader of its output has ended it: quietly, by SIGPIPE, as other programs do. */
void vl_end_by_pipe(void);

#endif
