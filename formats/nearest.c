/* The nearest name (nearest.h). */
#include "formats/nearest.h"

#include <stdio.h>
#include <string.h>

unsigned vl_word_distance(const char *a, const char *b)
{
    unsigned row[VL_WORD];
    const size_t n = strlen(b);
    for (size_t j = 0; j <= n; j++) row[j] = (unsigned)j;
    for (size_t i = 1; a[i - 1]; i++) {
        unsigned corner = row[0]++;
        for (size_t j = 1; j <= n; j++) {
            const unsigned change = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            unsigned least = row[j - 1] < row[j] ? row[j - 1] + 1 : row[j] + 1;
            if (change < least) least = change;
            row[j] = least;
        }
    }
    return row[n];
}

vl_nearest vl_nearest_to(const char *wanted)
{
    const size_t n = strlen(wanted);
    return (vl_nearest){ wanted, NULL, n < 2 || n >= VL_WORD ? 0 : (unsigned)(2 + n / 4) };
}

void vl_nearest_try(vl_nearest *n, const char *name)
{
    if (!n->far || !*name || strlen(name) >= VL_WORD) return;
    const unsigned far = vl_word_distance(n->wanted, name);
    if (far >= n->far) return;
    n->far = far;
    n->name = name;
}

const char *vl_nearest_text(const vl_nearest *n, const char *before, char text[2 * VL_WORD])
{
    text[0] = 0;
    if (n->name) snprintf(text, 2 * VL_WORD, " (did you mean '%s%s'?)", before, n->name);
    return text;
}
