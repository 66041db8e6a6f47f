/* vial verify: is a store whole? */
#include "pipeline/bank/keep.h"
#include "pipeline/cmd/each.h"
#include "pipeline/cmd/into_bank.h"
#include "pipeline/run/run.h"
#include "pipeline/out/verify.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

/* Who may only read verifies as well; that it was done cannot be noted then. */
static vl_code open_catalog(const vl_bank *bank, vl_catalog **c, vl_err *err)
{
    if (vl_keep_open(bank, c, err) != VL_EPERM) return err->code;
    vl_say(stderr, "vial: %s; the times of these checks are not noted", err->what);
    vl_err_clear(err);
    return vl_catalog_open(c, bank, false, err);
}

typedef struct asked {
    const char *bank;
    int threads;
    bool quick, originals, quiet;
    int part, parts; /* of a bank; parts 0: all */
} asked;

/* Stores of a bank, all or those of one name, those first whose last check is longest ago; what is found is
 * noted in the catalogue. */
static int verify_bank(const asked *a, const char *name)
{
    vl_bank bank = { 0 };
    vl_catalog *catalog = NULL;
    vl_inspected done = { 0 };
    vl_err err = VL_ERR_INIT;
    char path[VL_BANK_PATH];
    const vl_inspect ask = { .name = name,
                             .most = UINT64_MAX,
                             .threads = a->threads,
                             .part = a->parts ? (uint64_t)a->part - 1 : 0,
                             .parts = (uint64_t)a->parts,
                             .quick = a->quick,
                             .originals = a->originals,
                             .tell = !a->quiet };
    if (!vl_bank_open(&bank, a->bank, &err) && !open_catalog(&bank, &catalog, &err) &&
        !vl_keep_inspect(&bank, catalog, &ask, &done, &err) && name && !done.checked)
        if (!vl_keep_find(&bank, name, NULL, path, &err)) /* says why there is none */
            vl_fail(&err, VL_ENOIN, "the catalogue has no store of '%.100s': vial catalog check", name);
    if (!err.code && !name && !a->quiet)
        printf("%" PRIu64 " store%s %s, %" PRIu64 " bytes, %" PRIu64 " damaged\n", done.checked,
               vl_s(done.checked), a->quick ? "checked, texts not made again" : "verified", done.bytes,
               done.damaged);
    vl_catalog_close(catalog);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : done.damaged ? EX_DATAERR : EX_OK;
}

static int verify_store(void *self, const char *name)
{
    const asked *const a = self;
    vl_err err = VL_ERR_INIT;
    vl_verified seen = { 0 };
    char text[300];
    if (vl_names_in_bank(a->bank, name)) return verify_bank(a, name);
    const vl_verify ask = { .path = name,
                            .threads = a->threads,
                            .quick = a->quick,
                            .originals = a->originals,
                            .progress = a->quiet ? VL_PROGRESS_OFF : VL_PROGRESS_AUTO };
    if (vl_verify_run(&ask, &seen, &err)) return vl_report(&err);
    vl_verified_tell(&seen, text, sizeof text);
    if (!a->quiet) vl_say(stdout, "%s: ok: %s", name, text);
    return EX_OK;
}

static int run(const vl_command *me, int argc, char **argv)
{
    const char *slice = NULL;
    bool deep = false, all = false;
    asked a = { 0 };
    int rest = 0, code = 0;
    const vl_opt opt[] = {
        { 0, "quick", VL_OPT_FLAG, &a.quick, NULL,
          "do not make the original text again: bytes, chunks and columns only" },
        { 0, "original", VL_OPT_FLAG, &a.originals, NULL,
          "also make the files again as they were delivered, and compare their SHA-256" },
        { 0, "deep", VL_OPT_FLAG, &deep, NULL, NULL }, /* of before: what is done anyway */
        { 'b', "bank", VL_OPT_TEXT, &a.bank, "BANK", "stores are SAMPLE or SAMPLE/ACQUISITION of this bank" },
        { 0, "all", VL_OPT_FLAG, &all, NULL, "bank: every store" },
        { 0, "slice", VL_OPT_TEXT, &slice, "N/M", "bank: the N-th of M parts of its stores" },
        { '@', "threads", VL_OPT_COUNT, &a.threads, "N", "threads; default: all cores" },
        { 'q', "quiet", VL_OPT_FLAG, &a.quiet, NULL, "no progress; say only what is damaged" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (a.quick && (deep || a.originals))
        return vl_usage(me, "either --quick or %s", deep ? "--deep" : "--original");
    if (!a.threads) a.threads = vl_cores();
    if (slice && !vl_parse_part(slice, &a.part, &a.parts)) {
        vl_say(stderr, "vial verify: '%s' is no slice: 3/30", slice);
        return EX_USAGE;
    }
    if (all || slice || (rest == argc && a.bank))
        return rest < argc ? vl_usage(me, "--all and --slice name no store") : verify_bank(&a, NULL);
    if (rest == argc) return vl_usage(me, "no store");
    return vl_each(argc - rest, argv + rest, verify_store, &a);
}

const vl_command vl_command_verify = {
    "verify", "[options] STORE... | -b BANK [--all | --slice N/M]",
    "checks that stores are whole and give their originals back",
    "Checks the seal and the hash over all bytes, the digest table, every chunk and every column; then "
    "makes "
    "the original\n"
    "text again, all of it, and compares it with the hash that was taken when it came in. A damaged store is "
    "named with\n"
    "data set and chunk where that is known, and the exit code is 65. --quick leaves the text out: what it "
    "checked is as it\n"
    "was written, and nothing is said of the original; in a bank such a store does not count as verified. "
    "(--deep of\n"
    "earlier versions is what is done without --quick.)\n"
    "--original makes the files that were delivered, packed as they were, and compares them as well: of "
    "stores that came in\n"
    "with --original now, or that a night has described; of others it says that they are not described.\n"
    "Of several stores each is checked, whatever becomes of the others, and the exit code is the worst.\n",
    run
};
