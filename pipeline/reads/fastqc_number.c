/* Groups of positions, and numbers as Java prints them (reads_fastqc.h). */
#include "pipeline/reads/reads_fastqc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The step of longer reads: so that there are fewer than 75 groups. */
static uint64_t step_of(uint64_t n)
{
    for (uint64_t ten = 1;; ten *= 10)
        for (int i = 0; i < 3; i++) {
            const uint64_t k = (i == 0 ? 1 : i == 1 ? 2 : 5) * ten;
            if (k > 1 && 9 + (n - 9 + k - 1) / k < 75) return k;
        }
}

size_t vl_fq_groups(uint64_t n, vl_fq_group group[VL_FQ_GROUPS])
{
    const uint64_t k = n <= 75 ? 1 : step_of(n);
    size_t ngroup = 0;
    for (uint64_t from = 1; from <= n;) {
        uint64_t to = from;
        if (from >= 10 && k > 1) to = from + k - 1 - (k > 10 && from == 10 ? 10 : 0);
        if (to > n) to = n;
        group[ngroup++] = (vl_fq_group){ from - 1, to - 1 };
        from = to + 1;
    }
    return ngroup;
}

/* The fewest digits that read back as v > 0: "d.ddd" without the point, and the power of ten of the first. */
static size_t digits_of(double v, char digit[32], int *power)
{
    char text[40];
    for (int n = 0; n < 17; n++) {
        snprintf(text, sizeof text, "%.*e", n, v);
        if (strtod(text, NULL) == v) break;
    }
    char *const e = strchr(text, 'e');
    size_t n = 0;
    *power = atoi(e + 1);
    for (const char *p = text; p < e; p++)
        if (*p != '.') digit[n++] = *p;
    while (n > 1 && digit[n - 1] == '0') n--;
    return n;
}

void vl_fq_number(vl_fq *fq, double v)
{
    char digit[32];
    int power;
    if (isnan(v)) return vl_fq_put(fq, "NaN");
    if (!(fabs(v) > 0)) return vl_fq_put(fq, signbit(v) ? "-0.0" : "0.0");
    const int n = (int)digits_of(fabs(v), digit, &power);
    if (v < 0) vl_fq_put(fq, "-");
    if (power < -3 || power >= 7) {
        vl_fq_put(fq, "%c.%.*sE%d", digit[0], n > 1 ? n - 1 : 1, n > 1 ? digit + 1 : "0", power);
        return;
    }
    if (power < 0) vl_fq_put(fq, "0.%.*s%.*s", -power - 1, "000", n, digit);
    else if (n <= power + 1) vl_fq_put(fq, "%.*s%.*s.0", n, digit, power + 1 - n, "0000000");
    else vl_fq_put(fq, "%.*s.%.*s", power + 1, digit, n - power - 1, digit + power + 1);
}

void vl_fq_cell(vl_fq *fq, double v)
{
    vl_fq_put(fq, "\t");
    vl_fq_number(fq, v);
}

void vl_fq_label(vl_fq *fq, vl_fq_group g)
{
    if (g.first == g.last) vl_fq_put(fq, "%zu", g.first + 1);
    else vl_fq_put(fq, "%zu-%zu", g.first + 1, g.last + 1);
}
