/* Persons (persons.h). */
#include "pipeline/out/persons.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- what is said ---- */

vl_sex_said vl_sex_read(const char *text)
{
    static const char *const words[][4] = { { "male", "m", "xy", "1" }, { "female", "f", "xx", "2" } };
    for (int said = 0; said < 2; said++)
        for (int i = 0; i < 4; i++)
            if (!strcasecmp(text, words[said][i])) return said ? VL_SAID_FEMALE : VL_SAID_MALE;
    return VL_SAID_NOTHING;
}

const char *vl_sex_said_name(vl_sex_said said)
{
    static const char *const names[] = { "", "male", "female" };
    return names[said];
}

bool vl_sex_is_amiss(vl_sex sex, vl_sex_said said)
{
    if (said == VL_SAID_MALE) return sex == VL_SEX_XX || sex == VL_SEX_X0;
    return said == VL_SAID_FEMALE && (sex == VL_SEX_XY || sex == VL_SEX_XXY);
}

/* ---- rows ---- */

vl_person *vl_persons_add(vl_persons *p, const char *name, const char *path, const char *donor, vl_err *err)
{
    if (p->n == p->cap) {
        const size_t cap = p->cap ? 2 * p->cap : 64;
        vl_person *const row = realloc(p->row, cap * sizeof *row);
        if (row) p->row = row;
        if (row) p->cap = cap;
    }
    if (p->n == p->cap) vl_fail(err, VL_ENOMEM, "no memory for %zu stores", p->n + 1);
    if (err->code) return NULL;
    vl_person *const one = &p->row[p->n++];
    *one = (vl_person){ .name = strdup(name), .path = strdup(path), .donor = strdup(donor) };
    if (one->name && one->path && one->donor) return one;
    vl_fail(err, VL_ENOMEM, "no memory for a name");
    return NULL;
}

vl_code vl_persons_take(vl_persons *p, size_t i, const vl_identified *is, vl_err *err)
{
    vl_person *const row = &p->row[i];
    row->has = is->has;
    row->sums = is->sums;
    memcpy(row->digest, is->print.digest, sizeof row->digest);
    if (!*row->digest) return VL_OK;
    vl_panels_add(&p->panels, is->print.digest, is->print.genotype.data, is->print.genotype.len, i, err);
    return vl_err_file(err, row->path);
}

/* ---- compared ---- */

static int by_donor(const void *a, const void *b)
{
    const vl_person *const *const x = a, *const *const y = b;
    const int c = strcmp((*x)->donor, (*y)->donor);
    return c ? c : (*x > *y) - (*x < *y);
}

/* Numbers of persons: that of the first row of each. */
static vl_code number(const vl_persons *p, size_t *person, vl_err *err)
{
    const vl_person **const row = malloc((p->n + 1) * sizeof *row);
    if (!row) return vl_fail(err, VL_ENOMEM, "no memory for %zu stores", p->n);
    for (size_t i = 0; i < p->n; i++) row[i] = &p->row[i];
    if (p->n) qsort(row, p->n, sizeof *row, by_donor);
    for (size_t i = 0, first = 0; i < p->n; i++) {
        if (!*row[i]->donor || strcmp(row[i]->donor, row[first]->donor)) first = i;
        person[row[i] - p->row] = (size_t)(row[first] - p->row);
    }
    free(row);
    return VL_OK;
}

static void forgive(const vl_persons *p)
{
    vl_pair *const pair = (vl_pair *)(void *)p->pairs.data;
    for (size_t i = 0; i < p->pairs.len / sizeof *pair; i++)
        if (!*p->row[pair[i].a].donor || !*p->row[pair[i].b].donor) pair[i].amiss = false;
}

vl_code vl_persons_compare(vl_persons *p, bool all, int threads, vl_err *err)
{
    size_t *const person = malloc((p->n + 1) * sizeof *person);
    if (!person) return vl_fail(err, VL_ENOMEM, "no memory for %zu stores", p->n);
    if (!number(p, person, err))
        for (size_t i = 0; i < p->panels.n && !err->code; i++)
            vl_panel_compare(&p->panels.panel[i], person, all, threads, &p->pairs, err);
    if (!err->code) forgive(p);
    free(person);
    return err->code;
}

void vl_persons_free(vl_persons *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->row[i].name);
        free(p->row[i].path);
        free(p->row[i].donor);
    }
    free(p->row);
    vl_panels_free(&p->panels);
    vl_buf_free(&p->pairs);
    *p = (vl_persons){ 0 };
}
