/* Stores made anew, one after the other (renewing.h). */
#include "pipeline/cmd/renewing.h"

#include "pipeline/bank/intake/intake.h"
#include "pipeline/bank/keep.h"
#include "pipeline/cmd/each.h"
#include "pipeline/run/run.h"

#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

/* The bank is opened anew for each: what it is asked for enters HDF5 in processes of its own. */
static vl_code renew_in_bank(const vl_renewing *r, const char *name, vl_renewed *done, vl_err *err)
{
    vl_bank bank = { 0 };
    vl_catalog *catalog = NULL;
    const vl_renew ask = {
        .bank = &bank, .name = name, .how = r->how, .drop = r->drop, .threads = r->threads
    };
    uint64_t recovered = 0;
    if (!vl_bank_open(&bank, r->bank, err) && !vl_keep_open(&bank, &catalog, err) &&
        !vl_intake_recover(&bank, catalog, &recovered, err))
        vl_renew_store(&ask, catalog, done, err);
    vl_catalog_close(catalog);
    vl_bank_close(&bank);
    return err->code;
}

static vl_code renew_file(const vl_renewing *r, const char *store, vl_renewed *done, vl_err *err)
{
    if (!vl_renew_is_of_bank(store)) return r->file(r, store, done, err);
    vl_fail(err, VL_EARG, "is a store of a bank: vial %s -b BANK SAMPLE",
            r->how == VL_RENEW_SEAL    ? "reseal"
            : r->how == VL_RENEW_INDEX ? "reindex"
                                       : "describe");
    return vl_err_file(err, store);
}

static int renew_one(void *self, const char *name)
{
    const vl_renewing *const r = self;
    const char *const set = getenv("VIAL_BANK");
    const bool banked = r->bank || (set && *set && access(name, F_OK));
    vl_err err = VL_ERR_INIT;
    vl_renewed done = { 0 };
    if (banked) renew_in_bank(r, name, &done, &err);
    else renew_file(r, name, &done, &err);
    if (!err.code && !r->quiet) r->tell(name, &done);
    vl_buf_free(&done.dropped);
    return err.code ? vl_report(&err) : EX_OK;
}

int vl_renew_command(const vl_command *me, vl_renewing *r, int argc, char **argv)
{
    int rest = 0, code = 0;
    const vl_opt end = { .name = "" };
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &r->bank, "BANK",
          "stores are SAMPLE or SAMPLE/ACQUISITION of this bank" },
        { '@', "threads", VL_OPT_COUNT, &r->threads, "N", "threads; default: all cores" },
        { 'q', "quiet", VL_OPT_FLAG, &r->quiet, NULL, "no progress; say only what went wrong" },
        r->how == VL_RENEW_SEAL
            ? (vl_opt){ 0, "drop", VL_OPT_FLAG, &r->drop, NULL, "take out what others added to the store" }
            : end,
        end,
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest == argc) return vl_usage(me, "no store");
    r->name = argv + rest;
    r->n = argc - rest;
    return vl_renew_each(r);
}

int vl_renew_each(vl_renewing *r)
{
    if (!r->threads) r->threads = vl_cores();
    return vl_each(r->n, r->name, renew_one, r);
}
