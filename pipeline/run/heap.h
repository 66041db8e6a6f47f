/*
 * The heap of a working process: one arena in huge pages that is kept until the process ends.
 *
 * Batches are a few buffers of about a megabyte each, taken and given back again and again by all threads.
 * The C library gives such buffers back to the kernel at once, and each thread an arena of its own: every MiB
 * then costs 256 page faults again, and on a virtual machine a fault costs as much as parsing its page.
 */
#ifndef VL_HEAP_H
#define VL_HEAP_H

/* Prepares the heap for so many threads. Call before any thread starts; where it cannot be had, nothing
 * changes. */
void vl_heap_ready(int threads);

#endif
