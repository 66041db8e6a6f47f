/* Heap (heap.h): settings of glibc's allocator, and address space in advance that is marked for huge
 * pages. */
#include "pipeline/run/heap.h"

#include "pipeline/run/run.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    MIB = 1 << 20,
    LARGEST = 32 * MIB, /* of blocks that come from the heap; glibc takes no more */
    FIXED = 64 * MIB,   /* address space for what does not depend on threads */
    A_SLOT = 32 * MIB,  /* and for the batch that a slot carries */
    MOST = 1024 * MIB,  /* what lies behind it is in ordinary pages */
    HUGE_PAGE = 2 * MIB,
};

void vl_heap_ready(int threads)
{
    const int slots = vl_slots_for(threads), fit = (MOST - FIXED) / A_SLOT;
    const int bytes = FIXED + (slots < fit ? slots : fit) * A_SLOT;
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, LARGEST);
    mallopt(M_TRIM_THRESHOLD, MOST);
    mallopt(M_TOP_PAD, bytes);
    void *volatile more = malloc(LARGEST / 2); /* than there is: the heap grows, by the pad as well */
    mallopt(M_TOP_PAD, HUGE_PAGE);
    const uintptr_t first = ((uintptr_t)more + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE,
                    end = (uintptr_t)sbrk(0);
    if (more && end > first && end - first <= MOST + (uintptr_t)LARGEST)
        madvise((void *)first, end - first, MADV_HUGEPAGE);
    free(more);
}
