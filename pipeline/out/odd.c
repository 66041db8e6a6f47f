/* Numbers of rows in words (odd.h). */
#include "pipeline/out/odd.h"

#include <inttypes.h>
#include <stdio.h>

enum { LONGEST = 44 }; /* ", 18446744073709551615-18446744073709551615" */

size_t vl_odd_count(const vl_buf *odd) { return odd->len / 8; }

static uint64_t row(const vl_buf *odd, size_t i) { return vl_le64(odd->data + 8 * i); }

void vl_odd_words(const vl_buf *odd, size_t *from, char *text, size_t n)
{
    const size_t count = vl_odd_count(odd);
    size_t used = 0;
    text[0] = 0;
    while (*from < count && used + LONGEST < n) {
        size_t to = *from + 1;
        while (to < count && row(odd, to) == row(odd, to - 1) + 1) to++;
        used += (size_t)snprintf(text + used, n - used, "%s%" PRIu64, used ? ", " : "", row(odd, *from));
        if (to - *from > 1) used += (size_t)snprintf(text + used, n - used, "-%" PRIu64, row(odd, to - 1));
        *from = to;
    }
}
