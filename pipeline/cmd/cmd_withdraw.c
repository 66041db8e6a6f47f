/* vial withdraw: a donor took consent back. */
#include "pipeline/bank/withdraw/withdraw.h"

#include "pipeline/bank/intake/intake.h"
#include "pipeline/bank/keep.h"
#include "pipeline/bank/record.h"
#include "pipeline/cmd/opt.h"
#include "pipeline/run/say.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

typedef struct asking {
    const char *path, *reason, *donor, *list;
    bool undo, dry;
    vl_buf names; /* ids, each ended by 0 */
} asking;

/* One id a line; blanks around it and empty lines do not count. */
static vl_code read_list(asking *a, vl_err *err)
{
    char *line = NULL;
    size_t room = 0;
    FILE *const in = strcmp(a->list, "-") ? fopen(a->list, "r") : stdin;
    if (!in) {
        vl_fail_errno(err, VL_ENOIN, errno, "cannot read the list");
        return vl_err_file(err, a->list);
    }
    while (!err->code && getline(&line, &room, in) >= 0) {
        const char *const from = line + strspn(line, " \t");
        size_t n = strcspn(from, "\r\n");
        while (n && strchr(" \t", from[n - 1])) n--;
        if (!n) continue;
        vl_buf_append(&a->names, from, n, err);
        vl_buf_append(&a->names, "", 1, err);
    }
    if (ferror(in)) vl_fail_errno(err, VL_EIO, errno, "cannot read the list");
    free(line);
    if (in != stdin) fclose(in);
    return vl_err_file(err, a->list);
}

static vl_code gather(asking *a, const vl_bank *bank, vl_catalog *c, char **sample, vl_err *err)
{
    for (; *sample && !err->code; sample++) vl_buf_append(&a->names, *sample, strlen(*sample) + 1, err);
    if (a->list && !err->code) read_list(a, err);
    return a->donor && !err->code ? vl_withdraw_of_donor(bank, c, a->donor, &a->names, err) : err->code;
}

/* It exists, under this name. */
static vl_code check_one(const vl_bank *bank, const char *sample, vl_err *err)
{
    json_t *const record = vl_record_load(bank, sample, err);
    const char *const to = json_string_value(json_object_get(json_object_get(record, "gone"), "to"));
    if (to) vl_fail(err, VL_ENOIN, "sample '%.60s' was renamed to '%.60s': withdraw that", sample, to);
    json_decref(record);
    return err->code;
}

/* Of a list with a slip nothing is done. */
static vl_code check_all(const asking *a, const vl_bank *bank, vl_err *err)
{
    for (size_t at = 0; at < a->names.len && !err->code; at += strlen((char *)a->names.data + at) + 1)
        check_one(bank, (char *)a->names.data + at, err);
    return err->code;
}

static vl_code do_one(const asking *a, const vl_bank *bank, vl_catalog *c, const char *sample, vl_err *err)
{
    if (a->dry) return vl_say(stdout, "%s: would be %s", sample, a->undo ? "back" : "withdrawn"), VL_OK;
    if (a->undo ? vl_withdraw_undo(bank, c, sample, a->reason, err)
                : vl_withdraw(bank, c, sample, a->reason, err))
        return err->code;
    vl_say(stdout, "%s: %s", sample,
           a->undo ? "is no longer withdrawn" : "withdrawn; its data goes at the next 'vial tidy'");
    return VL_OK;
}

static void tell_past(const char *sample, bool dry)
{
    vl_say(stdout, "%s: what it was of this donor, before it was removed, %s; its data of now stays", sample,
           dry ? "would be emptied" : "is emptied");
}

static vl_code do_past(const asking *a, const vl_bank *bank, vl_catalog *c, vl_err *err)
{
    vl_withdraw_past past = { .donor = a->donor, .dry = a->dry, .tell = tell_past };
    if (!a->donor || vl_withdraw_past_of(bank, c, &past, err) || a->names.len || past.n) return err->code;
    return vl_fail(err, VL_ENOIN, "no sample is of donor '%.100s'", a->donor);
}

static vl_code do_all(asking *a, const vl_bank *bank, vl_catalog *c, char **sample, vl_err *err)
{
    uint64_t recovered = 0; /* a rename that a dead run had begun brings the sample where it is to be found */
    if ((!a->dry && vl_intake_recover(bank, c, &recovered, err)) || gather(a, bank, c, sample, err) ||
        check_all(a, bank, err))
        return err->code;
    for (size_t at = 0; at < a->names.len && !err->code; at += strlen((char *)a->names.data + at) + 1)
        do_one(a, bank, c, (char *)a->names.data + at, err);
    return err->code ? err->code : do_past(a, bank, c, err);
}

static int run(const vl_command *me, int argc, char **argv)
{
    asking a = { 0 };
    int rest = 0, code = 0;
    vl_bank bank = { 0 };
    vl_catalog *catalog = NULL;
    vl_err err = VL_ERR_INIT;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &a.path, "BANK", "the bank; else that of the environment VIAL_BANK" },
        { 0, "reason", VL_OPT_TEXT, &a.reason, "TEXT", "why; it stays for ever, so no names (needed)" },
        { 0, "donor", VL_OPT_TEXT, &a.donor, "D", "all samples that the bank has of this donor" },
        { 0, "list", VL_OPT_TEXT, &a.list, "FILE", "the samples of a file, one id a line; - is the input" },
        { 0, "undo", VL_OPT_FLAG, &a.undo, NULL, "SAMPLE is back; until the next tidy only" },
        { 'n', "dry-run", VL_OPT_FLAG, &a.dry, NULL, "say which samples, and change nothing" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if ((rest < argc) + (a.donor != NULL) + (a.list != NULL) != 1)
        return vl_usage(me, "which samples? SAMPLE..., --donor or --list, one of them");
    if (a.undo && a.donor) return vl_usage(me, "--undo goes with SAMPLE or --list");
    if (!a.reason || !*a.reason) return vl_usage(me, "--reason TEXT is missing");
    if (!vl_bank_open(&bank, a.path, &err) &&
        !(a.dry ? vl_catalog_open(&catalog, &bank, false, &err) : vl_keep_open(&bank, &catalog, &err)))
        do_all(&a, &bank, catalog, argv + rest, &err);
    vl_buf_free(&a.names);
    vl_catalog_close(catalog);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : EX_OK;
}

const vl_command vl_command_withdraw = {
    "withdraw", "-b BANK --reason TEXT [-n] [--undo] SAMPLE... | --donor D | --list FILE",
    "hides samples whose consent was withdrawn",
    "The samples are hidden at once: no listing, view or export gives them, and `info` says only that they "
    "were\n"
    "withdrawn. Their data, and all that the bank says of them, goes at the next tidy (vial tidy, or the "
    "night); their\n"
    "ids, the reason and the time stay, and nothing can be ingested under those ids again. A backup that is "
    "put back\n"
    "brings nothing back: it is hidden, and tidied again. --undo takes a slip back, as long as nothing was "
    "tidied.\n"
    "--donor takes the samples that the bank has now, and at once, with no way back, what was the donor's "
    "under an id\n"
    "that was removed and has other data since; that data stays. The tidy forgets the donor's name as well, "
    "so that\n"
    "samples of the same donor that are ingested later come in like any others: whoever must not be sampled "
    "again is\n"
    "for the sheets to say.\n\n"
    "  vial withdraw -b /data/bank --reason 'consent withdrawn 2026-11-20' S0042\n"
    "  vial withdraw -b /data/bank --reason 'form 17' --donor D0007 -n\n"
    "  vial withdraw -b /data/bank --reason 'wrong id on form 17' --undo S0042\n",
    run
};
