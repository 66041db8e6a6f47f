/* Runs of odd letters (odd_letters.h). */
#include "pipeline/codec/odd_letters.h"

#include "formats/leb.h"

#include <string.h>

/* The first odd letter at or after i; n if there is none. */
static size_t next_odd(const uint8_t *odd, size_t i, size_t n)
{
    while (i < n) {
        if (!(i & 7) && !odd[i >> 3]) {
            i += 8;
            continue;
        }
        if (odd[i >> 3] >> (i & 7) & 1) return i;
        i++;
    }
    return n;
}

vl_code vl_odd_list(const uint8_t *letter, size_t n, const uint8_t *odd, vl_buf *list, vl_err *err)
{
    size_t done = 0;
    list->len = 0;
    for (size_t i = next_odd(odd, 0, n); i < n; i = next_odd(odd, done, n)) {
        size_t end = i + 1;
        while (end < n && letter[end] == letter[i]) end++;
        if (vl_buf_grow(list, 2 * VL_LEB_MOST + 1, err)) return err->code;
        uint8_t *p = vl_put_leb(vl_put_leb(list->data + list->len, i - done), end - i);
        *p++ = letter[i];
        list->len = (size_t)(p - list->data);
        done = end;
    }
    return VL_OK;
}

vl_code vl_odd_lay(const uint8_t *p, const uint8_t *end, uint8_t *letter, size_t n, vl_err *err)
{
    size_t at = 0;
    while (p < end) {
        uint64_t gap = 0, run = 0;
        if (!(p = vl_get_leb(p, end, &gap)) || !(p = vl_get_leb(p, end, &run)) || p == end)
            return vl_fail(err, VL_ESTORE, "run list ends within a run");
        if (gap > n - at || run > n - at - gap)
            return vl_fail(err, VL_ESTORE, "run of %llu letters does not fit", (unsigned long long)run);
        memset(letter + at + gap, *p++, run);
        at += gap + run;
    }
    return VL_OK;
}
