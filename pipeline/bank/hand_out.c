/* Names of the files that stores become (hand_out.h). */
#include "pipeline/bank/hand_out.h"

#include "pipeline/bank/catalog/listing.h"
#include "pipeline/bank/record.h"
#include "pipeline/bank/way_back.h"
#include "pipeline/io/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How far apart names lie. */
typedef enum apart { TOGETHER, BY_SAMPLE, BY_ACQUISITION } apart;

typedef struct gathering {
    const vl_bank *bank;
    vl_hand_out *plan;
} gathering;

static vl_code keep(char **to, const char *text, vl_err *err)
{
    free(*to);
    *to = strdup(text);
    return *to ? VL_OK : vl_fail(err, VL_ENOMEM, "no memory for the list of stores");
}

static vl_handed *add(vl_hand_out *plan, vl_err *err)
{
    if (plan->n == plan->room) {
        const size_t room = 2 * plan->room + 64;
        vl_handed *const more = realloc(plan->one, room * sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for the list of stores"), NULL;
        plan->one = more;
        plan->room = room;
    }
    plan->one[plan->n] = (vl_handed){ .wrong = VL_ERR_INIT };
    return &plan->one[plan->n++];
}

/* ---- one store ---- */

/* Can a file of a folder be called so? Standard input and names of folders cannot. */
static bool is_name(const char *name)
{
    return *name && strcmp(name, "-") && strcmp(name, ".") && strcmp(name, "..") && !strchr(name, '/');
}

static vl_code name_files(const json_t *store, vl_handed *h, vl_err *err)
{
    char acquisition[512], name[VL_WAY_BACK_NAME];
    size_t i;
    json_t *in;
    vl_bank_escape(h->acquisition, acquisition);
    vl_way_back way = { .acquisition = acquisition };
    json_array_foreach(json_object_get(store, "inputs"), i, in)
        vl_way_back_add(&way, (int)json_integer_value(json_object_get(in, "stream")),
                        json_string_value(json_object_get(in, "path")));
    for (int k = 0, n = 0; k < 2; k++) {
        if (!way.nfile[k]) continue;
        vl_way_back_name(&way, k, name);
        if (!is_name(name)) snprintf(name, sizeof name, "%s%s", acquisition, k ? "_R2" : "");
        if (keep(&h->file[n++], name, err)) return err->code;
    }
    if (!h->file[0]) return vl_fail(err, VL_ESTORE, "the record names no input of the store");
    return VL_OK;
}

static const json_t *find_store(const json_t *record, const char *file)
{
    size_t i;
    json_t *store;
    json_array_foreach(json_object_get(record, "stores"), i, store)
    {
        if (!strcmp(file, json_string_value(json_object_get(store, "file")))) return store;
    }
    return NULL;
}

/* What is wrong with one store is noted with it and costs the others nothing. */
static vl_code gather(const vl_listed *store, void *to, vl_err *err)
{
    const gathering *const g = to;
    char path[VL_BANK_PATH];
    vl_err why = VL_ERR_INIT;
    json_t *const record = vl_record_load(g->bank, store->sample, &why);
    if (json_object_get(record, "withdrawn")) {
        json_decref(record);
        return VL_OK;
    }
    const json_t *const entry = find_store(record, store->file);
    vl_handed *const h = add(g->plan, err);
    if (!h || keep(&h->sample, store->sample, err) || keep(&h->acquisition, store->acquisition, err) ||
        vl_bank_store_path(g->bank, store->sample, store->file, path, err) || keep(&h->store, path, err)) {
        json_decref(record);
        return err->code;
    }
    if (record && !entry)
        vl_fail(&why, VL_ENOIN, "sample '%.80s' has no acquisition '%.80s'", store->sample,
                store->acquisition);
    if (entry && name_files(entry, h, &why) && why.code == VL_ENOMEM) *err = why;
    h->wrong = why;
    json_decref(record);
    return err->code;
}

/* ---- all of them ---- */

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Two files of one name; NULL: there are none. */
static const char *find_twins(const vl_hand_out *plan, vl_err *err)
{
    const char **const name = calloc(2 * plan->n + 1, sizeof *name), *twin = NULL;
    size_t n = 0;
    if (!name) return vl_fail(err, VL_ENOMEM, "no memory for the list of stores"), NULL;
    for (size_t i = 0; i < plan->n; i++)
        for (int k = 0; k < 2; k++)
            if (plan->one[i].file[k]) name[n++] = plan->one[i].file[k];
    qsort(name, n, sizeof *name, by_name);
    for (size_t i = 1; i < n && !twin; i++)
        if (!strcmp(name[i - 1], name[i])) twin = name[i];
    free(name);
    return twin;
}

static vl_code move_apart(vl_hand_out *plan, apart how, vl_err *err)
{
    char folder[1100], part[512], path[sizeof folder + VL_WAY_BACK_NAME];
    for (size_t i = 0; i < plan->n; i++) {
        vl_handed *const h = &plan->one[i];
        vl_bank_escape(h->sample, part);
        snprintf(folder, sizeof folder, "%s", part);
        vl_bank_escape(h->acquisition, part);
        if (how == BY_ACQUISITION) snprintf(folder + strlen(folder), 520, "/%s", part);
        for (int k = 0; k < 2; k++) {
            if (!h->file[k]) continue;
            snprintf(path, sizeof path, "%s/%s", folder, vl_name_base(h->file[k]));
            if (keep(&h->file[k], path, err)) return err->code;
        }
    }
    return VL_OK;
}

vl_code vl_hand_out_plan(const vl_bank *bank, vl_catalog *c, const char *expr, vl_hand_out *plan, vl_err *err)
{
    gathering g = { bank, plan };
    const char *twin = NULL;
    *plan = (vl_hand_out){ 0 };
    if (vl_list_each(c, expr, gather, &g, err)) return err->code;
    for (apart how = TOGETHER; !err->code && (twin = find_twins(plan, err)) && how < BY_ACQUISITION;)
        move_apart(plan, ++how, err);
    return twin && !err->code ? vl_fail(err, VL_EEXIST, "two of these stores would become %.120s", twin)
                              : err->code;
}

void vl_hand_out_free(vl_hand_out *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        vl_handed *const h = &plan->one[i];
        free(h->sample);
        free(h->acquisition);
        free(h->store);
        free(h->file[0]);
        free(h->file[1]);
    }
    free(plan->one);
    *plan = (vl_hand_out){ 0 };
}
