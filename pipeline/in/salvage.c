/* Salvage (salvage.h). */
#include "pipeline/in/salvage.h"

#include <stdio.h>

vl_code vl_salvage_check(const vl_inputs *inputs, bool described, vl_err *err)
{
    if (!vl_inputs_are_files(inputs))
        return vl_fail(err, VL_EARG, "a damaged input is read twice: --salvage takes no pipe");
    if (inputs->n > (size_t)vl_inputs_nstream(inputs))
        return vl_fail(err, VL_EARG, "--salvage takes one file, or two of mates, none in a row");
    if (described)
        return vl_fail(err, VL_EARG, "what is left of a file cannot give it back: --salvage, --original now");
    return VL_OK;
}

bool vl_salvage_again(vl_salvage *s, const uint64_t damage[VL_MAX_STREAM], vl_err *err)
{
    bool less = !s->on;
    if (err->code != VL_ETRUNC && err->code != VL_EFORMAT) return false;
    for (int i = 0; i < VL_MAX_STREAM; i++) {
        if (!s->on) s->limit[i] = UINT64_MAX;
        if (damage[i] >= s->limit[i]) continue;
        s->limit[i] = damage[i];
        less = true;
    }
    if (!less) return false;
    s->on = true;
    err->file[0] = 0;
    vl_err_print(err, s->why, sizeof s->why);
    vl_err_clear(err);
    return true;
}

vl_code vl_salvage_note(const vl_salvage *s, const vl_cutter *c, vl_store *store, vl_err *err)
{
    uint64_t bytes = 0;
    for (int i = 0; i < c->nstream; i++) bytes += c->stream[i].bytes;
    if (!bytes) return vl_fail(err, VL_ETRUNC, "no whole record stands before the damage");
    if (vl_store_note(store, "source", "salvaged", s->why, err)) return err->code;
    for (int i = 0; i < c->nstream; i++) {
        char name[32];
        snprintf(name, sizeof name, "left_out_%d", i + 1);
        if (vl_store_note_u64(store, "source", name, c->stream[i].left_out, err)) return err->code;
    }
    return VL_OK;
}
