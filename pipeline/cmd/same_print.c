/* What vial same prints (same_print.h). */
#include "pipeline/cmd/same_print.h"

#include "formats/text.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct printing {
    const vl_persons *p;
    bool all, json;
    vl_buf text;
    uint64_t nline; /* of the table that is printed */
} printing;

/* As much as fits a buffer goes out: of all pairs of many stores there are many. */
static vl_code flush(printing *t, size_t most, vl_err *err)
{
    if (err->code || t->text.len <= most) return err->code;
    if (fwrite(t->text.data, 1, t->text.len, stdout) != t->text.len || fflush(stdout))
        return vl_fail(err, errno == EPIPE ? VL_ECLOSED : VL_EIO, "standard output: cannot write");
    t->text.len = 0;
    return VL_OK;
}

static void put_name(printing *t, const char *key, const char *name, vl_err *err)
{
    if (t->json) vl_text_put(&t->text, err, "\"%s\":", key);
    if (t->json && *name) vl_text_json(&t->text, name, strlen(name), err);
    else if (t->json) vl_text_put(&t->text, err, "null");
    else vl_text_listed(&t->text, name, strlen(name), err);
    vl_text_put(&t->text, err, t->json ? "," : "\t");
}

static void put_number(printing *t, const char *key, double v, const char *behind, vl_err *err)
{
    if (t->json) vl_text_put(&t->text, err, "\"%s\":", key);
    if (isfinite(v)) vl_text_put(&t->text, err, "%.4f", v);
    else if (t->json) vl_text_put(&t->text, err, "null");
    vl_text_put(&t->text, err, "%s", behind);
}

/* ---- pairs ---- */

static const char *found_of(const vl_persons *p, const vl_pair *pair)
{
    if (pair->amiss) return pair->verdict == VL_SAME ? "alike" : "differs";
    const bool said = *p->row[pair->a].donor && *p->row[pair->b].donor;
    return said && pair->verdict != VL_TOO_FEW ? "ok" : "";
}

static void put_pair(printing *t, const vl_pair *pair, vl_err *err)
{
    const vl_person *const a = &t->p->row[pair->a], *const b = &t->p->row[pair->b];
    if (!t->nline++ && !t->json)
        vl_text_put(&t->text, err,
                    "found\tverdict\ta\tb\tdonor_a\tdonor_b\tsites\tshared_hets\tibs0\tibs2\trelatedness\n");
    vl_text_put(&t->text, err, !t->json ? "" : t->nline > 1 ? ",\n{" : "\n{");
    put_name(t, "found", found_of(t->p, pair), err);
    put_name(t, "verdict", vl_verdict_name(pair->verdict), err);
    put_name(t, "a", a->name, err);
    put_name(t, "b", b->name, err);
    put_name(t, "donor_a", a->donor, err);
    put_name(t, "donor_b", b->donor, err);
    vl_text_put(&t->text, err,
                t->json ? "\"sites\":%" PRIu64 ",\"shared_hets\":%" PRIu64 ",\"ibs0\":%" PRIu64
                          ",\"ibs2\":%" PRIu64 ","
                        : "%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t",
                pair->sites, pair->shared_hets, pair->ibs0, pair->ibs2);
    put_number(t, "relatedness", pair->relatedness, t->json ? "}" : "\n", err);
}

static vl_code put_pairs(printing *t, vl_same_sum *sum, vl_err *err)
{
    enum { MUCH = 1 << 20 };
    const vl_pair *const pair = (const vl_pair *)(const void *)t->p->pairs.data;
    for (size_t i = 0; i < t->p->pairs.len / sizeof *pair && !err->code; i++) {
        sum->alike += pair[i].amiss && pair[i].verdict == VL_SAME;
        sum->differ += pair[i].amiss && pair[i].verdict != VL_SAME;
        if (t->all || pair[i].amiss) put_pair(t, &pair[i], err);
        flush(t, MUCH, err);
    }
    return err->code;
}

/* ---- sexes ---- */

static void put_sex(printing *t, const vl_person *one, vl_same_sum *sum, vl_err *err)
{
    double x, y;
    const vl_sex sex = vl_sex_of(&one->sums, &x, &y);
    const bool amiss = vl_sex_is_amiss(sex, one->said);
    sum->sexes += amiss;
    if (!one->has || (!t->all && !amiss)) return;
    if (!t->nline++ && !t->json) vl_text_put(&t->text, err, "found\tsex\tsample\tdonor\tsaid\tx\ty\n");
    vl_text_put(&t->text, err, !t->json ? "" : t->nline > 1 ? ",\n{" : "\n{");
    put_name(t, "found", amiss ? "amiss" : sex && one->said ? "ok" : "", err);
    put_name(t, "sex", vl_sex_name(sex), err);
    put_name(t, "sample", one->name, err);
    put_name(t, "donor", one->donor, err);
    put_name(t, "said", vl_sex_said_name(one->said), err);
    put_number(t, "x", x, t->json ? "," : "\t", err);
    put_number(t, "y", y, t->json ? "}" : "\n", err);
}

vl_code vl_same_print(const vl_persons *p, bool all, bool json, vl_same_sum *sum, vl_err *err)
{
    printing t = { .p = p, .all = all, .json = json };
    if (json) vl_text_put(&t.text, err, "{\"pairs\":[");
    put_pairs(&t, sum, err);
    if (json) vl_text_put(&t.text, err, "],\n\"sexes\":[");
    t.nline = 0;
    for (size_t i = 0; i < p->n && !err->code; i++) put_sex(&t, &p->row[i], sum, err);
    for (size_t i = 0; i < p->n; i++) {
        sum->lost += p->row[i].lost;
        sum->bare += p->row[i].has && !*p->row[i].digest;
    }
    if (json)
        vl_text_put(&t.text, err,
                    "],\n\"stores\":%zu,\"lost\":%" PRIu64 ",\"without_sites\":%" PRIu64 ",\"lists\":%zu}\n",
                    p->n, sum->lost, sum->bare, p->panels.n);
    flush(&t, 0, err);
    vl_buf_free(&t.text);
    return err->code;
}
