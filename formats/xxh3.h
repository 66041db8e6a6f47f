/*
 * XXH3, the hash of chunks, columns, texts and stores: by the library's versions for this processor where it
 * has them (they take turns by themselves, each checks its own pointer). The plain functions of a
 * distribution's library are built for the oldest processor it runs on. The bits are the same.
 */
#ifndef VL_XXH3_H
#define VL_XXH3_H

#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

#endif
