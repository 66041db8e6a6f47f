/*
 * A command over several stores. Each is the work of a process of its own, so that one that a library dies of
 * costs the others nothing; the exit code is the worst (vl_exit_worse). A single store has the command's
 * process to itself.
 */
#ifndef VL_EACH_H
#define VL_EACH_H

/* one: does a store of this name, prints what there is to say, returns an exit code. */
int vl_each(int n, char *const *name, int (*one)(void *self, const char *name), void *self);

#endif
