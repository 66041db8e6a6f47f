/* What the bank has of an item already (deposit_parts.h): asked before a deposit, and by who foresees one. */
#include "pipeline/bank/intake/deposit_parts.h"

#include "pipeline/bank/hash_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *vl_deposit_options(const vl_item *item, const char *batch, char text[VL_OPTIONS])
{
    snprintf(text, VL_OPTIONS, "%s%s%s", batch ? batch : "", batch && item->options ? " " : "",
             item->options ? item->options : "");
    return text;
}

vl_code vl_deposit_look(const char *path, vl_deposit_seen *s, vl_err *err)
{
    struct stat st;
    *s = (vl_deposit_seen){ 0 };
    if (!strcmp(path, "-")) return VL_OK;
    if (stat(path, &st)) return vl_fail_open(err, path, errno), vl_err_file(err, path);
    s->bytes = (uint64_t)st.st_size;
    s->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    return VL_OK;
}

static vl_code look_at_inputs(vl_deposit_work *d, vl_err *err)
{
    const vl_inputs *const in = &d->ask->item->inputs;
    d->before = calloc(in->n + 1, sizeof *d->before);
    if (!d->before) return vl_fail(err, VL_ENOMEM, "no memory for %zu inputs", in->n);
    for (; d->ninput < in->n; d->ninput++)
        if (vl_deposit_look(in->file[d->ninput].path, &d->before[d->ninput], err)) return err->code;
    return VL_OK;
}

vl_code vl_deposit_begin(vl_deposit_work *d, vl_err *err)
{
    vl_deposit_options(d->ask->item, d->ask->options, d->options);
    if (look_at_inputs(d, err)) return err->code;
    return vl_bank_sample_folder(d->ask->bank, d->ask->item->sample, d->folder, err);
}

void vl_deposit_end(vl_deposit_work *d)
{
    json_decref(d->record);
    free(d->before);
}

vl_code vl_deposit_is_same(const vl_deposit_work *d, const json_t *store, bool *same, vl_err *err)
{
    const json_t *const inputs = json_object_get(store, "inputs");
    *same = json_array_size(inputs) == d->ninput &&
            !strcmp(json_string_value(json_object_get(store, "profile")), vl_profile_name(d->ask->profile)) &&
            vl_record_same_options(json_string_value(json_object_get(store, "options")), d->options);
    for (size_t i = 0; i < d->ninput && *same; i++) {
        char hex[65] = "";
        const json_t *const one = json_array_get(inputs, i);
        const char *const path = d->ask->item->inputs.file[i].path;
        if (!strcmp(path, "-") ||
            json_integer_value(json_object_get(one, "stream")) != d->ask->item->inputs.file[i].stream + 1 ||
            (uint64_t)json_integer_value(json_object_get(one, "bytes")) != d->before[i].bytes) {
            *same = false;
            break;
        }
        if (json_integer_value(json_object_get(one, "mtime_ns")) == d->before[i].mtime_ns &&
            !strcmp(json_string_value(json_object_get(one, "path")), path))
            continue;
        if (vl_hash_file(path, hex, err)) return err->code;
        *same = !strcmp(hex, json_string_value(json_object_get(one, "sha256")));
    }
    return VL_OK;
}

/* What is known already is not changed by the way. donor: where the donor stands; NULL: facts have none. */
static vl_code contradicts(const vl_deposit_work *d, const json_t *donor, const json_t *facts,
                           const vl_details *says, vl_err *err)
{
    for (size_t i = 0; i < says->n && !d->ask->correct; i++) {
        const vl_detail *const here = &says->detail[i];
        const json_t *const of = donor && !strcmp(here->name, "donor") ? donor : facts;
        const char *const is = json_string_value(json_object_get(of, here->name));
        if (!is || !*here->value || !strcmp(is, here->value)) continue;
        return vl_fail(
            err, VL_EEXIST,
            "sample '%.50s': %.30s is '%.40s' in the bank, here '%.40s'; --correct, or 'vial set', puts it "
            "right",
            d->ask->item->sample, here->name, is, here->value);
    }
    return VL_OK;
}

vl_code vl_deposit_load(vl_deposit_work *d, vl_err *err)
{
    vl_err why = VL_ERR_INIT;
    json_decref(d->record);
    d->record = vl_record_load(d->ask->bank, d->ask->item->sample, &why);
    if (!d->record && why.code == VL_ENOIN) {
        vl_err_clear(&why);
        d->record = vl_record_new(d->ask->item->sample, &why);
    }
    if (!d->record) return *err = why, err->code;
    const json_t *const gone = json_object_get(d->record, "withdrawn");
    d->reason = gone ? "withdrawn" : "conflict";
    if (gone)
        return vl_fail(err, VL_EEXIST, "sample '%.60s' was withdrawn (%.80s)", d->ask->item->sample,
                       json_string_value(json_object_get(gone, "reason")));
    if (contradicts(d, d->record, json_object_get(d->record, "facts"), &d->ask->item->about_sample, err))
        return err->code;
    d->reason = NULL;
    return VL_OK;
}

vl_code vl_deposit_conflict(vl_deposit_work *d, const json_t *old, vl_err *err)
{
    d->reason = "conflict";
    return vl_fail(
        err, VL_EEXIST,
        "sample '%.60s' has other data as %.16s of acquisition '%.60s'; --supersede puts this in its place",
        d->ask->item->sample, json_string_value(json_object_get(old, "kind")), d->ask->item->acquisition);
}

vl_code vl_deposit_check_details(vl_deposit_work *d, const json_t *old, vl_err *err)
{
    if (contradicts(d, NULL, json_object_get(old, "facts"), &d->ask->item->about_acquisition, err))
        d->reason = "conflict";
    return err->code;
}

vl_code vl_deposit_same_data(vl_deposit_work *d, const char *found, vl_err *err)
{
    const json_t *const to = json_object_get(json_object_get(d->record, "gone"), "to");
    d->reason = "same_data";
    return vl_fail(err, VL_EEXIST,
                   "holds the same bytes as sample %s%s; --same-data takes them for '%.60s' too", found,
                   to ? ", and was renamed" : "", d->ask->item->sample);
}
