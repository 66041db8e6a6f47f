/* Sums of a made-up run (truth.h). */
#include "truth.h"

#include <inttypes.h>

static const int target[NTARGET] = { 6, 11, 15 }; /* of background */

static double target_low(int i) { return background[target[i]] * (1 - 1e-5); }
static double target_high(int i) { return background[target[i]] * (1 + 1e-5); }

void truth_add(truth *t, const scan *s, double total, float base)
{
    t->nspectrum[s->level]++;
    t->npeak[s->level] += s->npeak;
    t->total[s->level] += total;
    t->base[s->level] += (double)base;
    for (int i = 0; s->level == 1 && i < NTARGET; i++) {
        const double low = target_low(i), high = target_high(i);
        for (size_t k = 0; k < s->npeak; k++)
            if (s->peak[k].mz >= low && s->peak[k].mz <= high) t->xic[i] += (double)s->peak[k].intensity;
    }
}

void truth_put(const truth *t, FILE *json)
{
    fprintf(json, "\"spectra\":%" PRIu64 ",\"peaks\":%" PRIu64 ",\n", t->nspectrum[1] + t->nspectrum[2],
            t->npeak[1] + t->npeak[2]);
    for (int l = 1; l < 3; l++)
        fprintf(json,
                " \"ms%d\":{\"spectra\":%" PRIu64 ",\"peaks\":%" PRIu64 ",\"tic\":%.17g,\"bpc\":%.17g},\n", l,
                t->nspectrum[l], t->npeak[l], t->total[l], t->base[l]);
    fprintf(json, " \"xic\":[");
    for (int i = 0; i < NTARGET; i++)
        fprintf(json, "%s{\"low\":%.17g,\"high\":%.17g,\"ms1_sum\":%.17g}", i ? "," : "", target_low(i),
                target_high(i), t->xic[i]);
    fprintf(json, "],\n");
}
