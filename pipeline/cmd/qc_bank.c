/* The measures of all stores of a bank (qc_bank.h). */
#include "pipeline/cmd/qc_bank.h"

#include "formats/text.h"
#include "pipeline/bank/compare_stores.h"
#include "pipeline/cmd/opt.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const char *state_of(const vl_compared *r) { return r->lost ? "lost" : vl_light_name(r->light); }

static void put_json(vl_buf *text, const vl_compared *r, vl_err *err)
{
    vl_text_put(text, err, "{\"sample\":");
    vl_text_json(text, r->sample, strlen(r->sample), err);
    vl_text_put(text, err, ",\"acquisition\":");
    vl_text_json(text, r->acquisition, strlen(r->acquisition), err);
    vl_text_put(text, err, ",\"kind\":\"%s\",\"state\":\"%s\"", r->kind->schema->kind, state_of(r));
    for (int k = 0; r->kind->measures->list[k].name; k++) {
        if (!isfinite(r->value[k])) continue;
        vl_text_put(text, err, ",\"%s\":", r->kind->measures->list[k].name);
        vl_text_number(text, r->value[k], false, err);
    }
    vl_text_put(text, err, "}\n");
}

/* Tab-separated, with a header line a kind. */
static void put_line(vl_buf *text, const vl_compared *r, bool first, vl_err *err)
{
    const vl_measure *const list = r->kind->measures->list;
    if (first) vl_text_put(text, err, "state\tsample\tacquisition");
    for (int k = 0; first && list[k].name; k++) vl_text_put(text, err, "\t%s", list[k].name);
    vl_text_put(text, err, "%s%s\t", first ? "\n" : "", state_of(r));
    vl_text_listed(text, r->sample, strlen(r->sample), err);
    vl_text_put(text, err, "\t");
    vl_text_listed(text, r->acquisition, strlen(r->acquisition), err);
    for (int k = 0; list[k].name; k++) {
        if (isfinite(r->value[k])) vl_text_put(text, err, "\t%.*f", list[k].digits, r->value[k]);
        else vl_text_put(text, err, "\t");
    }
    vl_text_put(text, err, "\n");
}

static vl_code put_all(const vl_comparison *all, bool json, vl_err *err)
{
    vl_buf text = { 0 };
    for (size_t i = 0; i < all->n && !err->code; i++) {
        const vl_compared *const r = &all->row[i];
        if (json) put_json(&text, r, err);
        else put_line(&text, r, !i || all->row[i - 1].kind != r->kind, err);
    }
    if (!err->code && (fwrite(text.data, 1, text.len, stdout) != text.len || fflush(stdout)))
        vl_fail(err, errno == EPIPE ? VL_ECLOSED : VL_EIO, "standard output: cannot write");
    vl_buf_free(&text);
    return err->code;
}

int vl_qc_bank(const char *root, bool json)
{
    vl_err err = VL_ERR_INIT;
    vl_bank bank = { 0 };
    vl_catalog *c = NULL;
    vl_comparison all = { 0 };
    if (!vl_bank_open(&bank, root, &err) && !vl_catalog_open(&c, &bank, false, &err) &&
        !vl_compare_all(&all, &bank, c, &err))
        put_all(&all, json, &err);
    vl_comparison_free(&all);
    vl_catalog_close(c);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : EX_OK;
}
