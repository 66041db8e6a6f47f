/*
 * Guard: a command's work in a child process, so that a library that crashes, gives up or is killed for want
 * of memory ends in one line, a documented exit code, and no temporary file.
 *
 * The guard is made before any thread starts and before anything is opened. Signals that ask to stop are
 * handed on to the child, and the child dies with its parent.
 */
#ifndef VL_GUARD_H
#define VL_GUARD_H

/* Runs work(argument) in a child and returns its exit code; of a child that died, EX_SOFTWARE or EX_OSERR. */
int vl_guard(int (*work)(void *argument), void *argument);

/* Temporary files that are to vanish if this process dies: named while they exist, forgotten afterwards.
 * Paths that do not fit are not remembered. Without a guard both do nothing. */
void vl_guard_name(const char *path);
void vl_guard_forget(const char *path);

#endif
