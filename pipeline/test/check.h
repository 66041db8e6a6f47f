/* What the checks of the pipeline share: what holds is counted, what does not is printed with its place. */
#ifndef VL_CHECK_H
#define VL_CHECK_H

#include <stdarg.h> /* for those who print about like it */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Is this built with sanitizers? They see what they see in less: a check may take a part of its cases. */
#if defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CHECK_SANITIZED 1
#endif
#endif
#ifndef CHECK_SANITIZED
#define CHECK_SANITIZED 0
#endif

extern long npassed, nfailed;

/* CHECK(what must hold, "about %d", where): goes on either way. Call it from one thread at a time. */
#define CHECK(ok, ...) check((ok), #ok, __FILE__, __LINE__, __VA_ARGS__)

bool check(bool ok, const char *text, const char *file, int line, const char *about, ...)
    __attribute__((format(printf, 5, 6)));
int check_end(void); /* the last line of a check program, and its exit code */

/* A new, empty folder NAME.XXXXXX, where tests write (TMPDIR, or /tmp); ends the check if there can be
 * none. */
void check_new_folder(const char *name, char *path, size_t size);
/* A new, empty folder, as check_new_folder's, that becomes the current one; ends the check if there can be
 * none. */
char *check_enter(const char *name);
/* Leaves and removes it: that nothing is left in it is a check. Then as check_end. */
int check_leave(void);

/* Numbers that look random and are the same everywhere: splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t check_mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline uint64_t check_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    return check_mix(*state);
}

#endif
