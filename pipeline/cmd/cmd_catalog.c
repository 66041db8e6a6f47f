/* vial catalog: the catalogue anew from the samples, or compared with them. */
#include "pipeline/bank/intake/intake.h"
#include "pipeline/bank/keep.h"
#include "pipeline/cmd/info_history.h"
#include "pipeline/cmd/opt.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A catalogue that cannot be read is moved aside: it is a listing, the samples are the truth. */
static vl_code open_or_replace(const vl_bank *bank, vl_catalog **c, vl_err *err)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    char path[VL_BANK_PATH], aside[VL_BANK_PATH];
    if (!vl_catalog_open(c, bank, true, err) || err->code != VL_ESTORE) return err->code;
    vl_say(stderr, "vial: %s; moved to catalog.db.damaged", err->what);
    vl_err_clear(err);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (!vl_bank_path(bank, path, err, "catalog.db%s", ends[i]) &&
            !vl_bank_path(bank, aside, err, "catalog.db.damaged%s", ends[i]))
            rename(path, aside);
    return err->code ? err->code : vl_catalog_open(c, bank, true, err);
}

static vl_code rebuild(const vl_bank *bank, uint64_t *undecided, vl_err *err)
{
    vl_rebuilt done = { 0 };
    vl_catalog *c = NULL;
    const double start = seconds();
    if (!open_or_replace(bank, &c, err) && !vl_keep_rebuild(bank, c, stdout, &done, err)) {
        const double spent = seconds() - start;
        if (done.entered)
            printf("%" PRIu64 " sample%s entered the ledger\n", done.entered, vl_s(done.entered));
        printf("%" PRIu64 " sample%s, %" PRIu64 " store%s; %.1f s, %.0f stores/s\n", done.samples,
               vl_s(done.samples), done.stores, vl_s(done.stores), spent,
               (double)done.stores / (spent > 0 ? spent : 1));
    }
    vl_catalog_close(c);
    *undecided = done.undecided;
    return err->code;
}

static vl_code compare(const vl_bank *bank, bool ledger, uint64_t *differences, vl_err *err)
{
    uint64_t samples = 0;
    if (!vl_keep_compare(bank, ledger, &samples, differences, err))
        printf("%" PRIu64 " sample%s, %" PRIu64 " difference%s\n", samples, vl_s(samples), *differences,
               vl_s(*differences));
    return err->code;
}

/* One of the two homes of a sample is right, as somebody has decided. */
static vl_code trust(const vl_bank *bank, const char *home, const char *sample, vl_err *err)
{
    vl_catalog *c = NULL;
    uint64_t recovered = 0;
    json_t *said = NULL;
    if (!vl_keep_open(bank, &c, err) && !vl_intake_recover(bank, c, &recovered, err) &&
        (said = vl_keep_trust(bank, c, sample, home, err))) {
        const json_t *const changes = json_object_get(said, "changes");
        if (json_is_null(changes)) printf("%s: nothing is to be decided\n", sample);
        else
            vl_tell_changes(sample, strcmp(home, "record") ? "as the ledger says" : "as sample.h5 says",
                            changes);
    }
    json_decref(said);
    vl_catalog_close(c);
    return err->code;
}

static int check_words(const vl_command *me, char **word, int n, const char *home, bool ledger)
{
    const bool rebuilds = n && !strcmp(word[0], "rebuild");
    if (!n || (!rebuilds && strcmp(word[0], "check"))) return vl_usage(me, "'rebuild' or 'check'?");
    if (home && strcmp(home, "record") && strcmp(home, "ledger"))
        return vl_usage(me, "--trust is 'record' or 'ledger', not '%s'", home);
    if (home && (!rebuilds || n != 2)) return vl_usage(me, "--trust goes with 'rebuild' and one sample");
    if (!home && n > 1) return vl_usage(me, "'%s' is too much", word[1]);
    return ledger && rebuilds ? vl_usage(me, "--ledger goes with 'check'") : EX_OK;
}

static int run(const vl_command *me, int argc, char **argv)
{
    const char *path = NULL, *home = NULL;
    bool ledger = false;
    int rest = 0, code = 0;
    uint64_t differences = 0;
    vl_bank bank = { 0 };
    vl_err err = VL_ERR_INIT;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &path, "BANK", "the bank; else that of the environment VIAL_BANK" },
        { 0, "ledger", VL_OPT_FLAG, &ledger, NULL, "check the ledger alone, not what it is compared with" },
        { 0, "trust", VL_OPT_TEXT, &home, "HOME",
          "rebuild: of SAMPLE, 'record' (its sample.h5) or 'ledger' is right where the two differ" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if ((code = check_words(me, argv + rest, argc - rest, home, ledger))) return code;
    if (!vl_bank_open(&bank, path, &err)) {
        if (home) trust(&bank, home, argv[rest + 1], &err);
        else if (!strcmp(argv[rest], "rebuild")) rebuild(&bank, &differences, &err);
        else compare(&bank, ledger, &differences, &err);
        if (vl_bank_is_open(&bank))
            vl_say(stderr, "vial: %s: everyone on this machine can get in; 'chmod o= %s' shuts it", bank.root,
                   bank.root);
    }
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : differences ? EX_DATAERR : EX_OK;
}

const vl_command vl_command_catalog = {
    "catalog", "-b BANK rebuild [--trust HOME SAMPLE] | check [--ledger]",
    "makes records, ledger and catalogue again from each other, or compares them",
    "What is known of a sample lies in its sample.h5, in the ledger (every change of it, docs/ledger.md) "
    "and, as a\n"
    "listing, in the catalogue. `check` compares these, the attributes of a damaged sample.h5, and the "
    "folders, all ways,\n"
    "and names what differs, is missing, cut off, older, or fits no id (exit code 65 if there is any). "
    "`rebuild` gives\n"
    "each of them what another one knows, and the stores themselves are asked where all three have lost a "
    "sample; jobs\n"
    "and refusals stay. Where two tell different things and neither is newer, both stay as they are, and it "
    "says so (65):\n"
    "see what `check` prints, then say which is right. What the other had said is printed and, if it was the "
    "ledger, stays\n"
    "in its lines.\n\n"
    "  vial catalog -b /bank rebuild --trust ledger S0042\n",
    run
};
