/* vial describe: how files were packed, added to stores that do not say it. */
#include "pipeline/cmd/renewing.h"
#include "pipeline/in/describe_store.h"
#include "pipeline/run/run.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

static void tell(const char *name, const vl_renewed *done)
{
    if (done->current) vl_say(stdout, "%s: its files are described, as far as they can be", name);
    else
        vl_say(stdout, "%s: its files are described, %" PRIu64 " bytes, were %" PRIu64 ", digest %s", name,
               done->after, done->before, done->digest);
}

/* A store that is of no bank needs its files by name. */
static vl_code refuse_file(const vl_renewing *r, const char *store, vl_renewed *done, vl_err *err)
{
    (void)r, (void)store, (void)done;
    return vl_fail(err, VL_EARG, "no such sample of the bank");
}

static int describe_store(const vl_renewing *r, char **name, int n)
{
    vl_err err = VL_ERR_INIT;
    vl_described_store made = { 0 };
    const vl_describe_store ask = { .store = name[0],
                                    .path = (const char *const *)name + 1,
                                    .npath = (size_t)n - 1,
                                    .threads = r->threads ? r->threads : vl_cores(),
                                    .progress = r->quiet ? VL_PROGRESS_OFF : VL_PROGRESS_AUTO };
    if (vl_renew_is_of_bank(name[0])) {
        vl_fail(&err, VL_EARG, "is a store of a bank: vial describe -b BANK SAMPLE");
        vl_err_file(&err, name[0]);
    } else if (!vl_describe_store_run(&ask, &made, &err) && !r->quiet) {
        vl_renewed done = { .current = made.current, .before = made.before, .after = made.after };
        memcpy(done.digest, made.digest, sizeof done.digest);
        tell(name[0], &done);
    }
    return err.code ? vl_report(&err) : EX_OK;
}

static int run(const vl_command *me, int argc, char **argv)
{
    vl_renewing r = { .how = VL_RENEW_ORIGINAL, .file = refuse_file, .tell = tell };
    int rest = 0, code = 0;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &r.bank, "BANK", "stores are SAMPLE or SAMPLE/ACQUISITION of this bank" },
        { '@', "threads", VL_OPT_COUNT, &r.threads, "N", "threads; default: all cores" },
        { 'q', "quiet", VL_OPT_FLAG, &r.quiet, NULL, "no progress; say only what went wrong" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest == argc) return vl_usage(me, "no store");
    if (!r.bank && argc - rest < 2) return vl_usage(me, "STORE, and the files it was made of; or -b BANK");
    if (!r.bank) return describe_store(&r, argv + rest, argc - rest);
    r.name = argv + rest;
    r.n = argc - rest;
    return vl_renew_each(&r);
}

const vl_command vl_command_describe = {
    "describe", "[options] STORE FILE... | -b BANK SAMPLE[/ACQUISITION]...",
    "adds to stores how their files were packed",
    "What 'vial ingest --original now' does when files come in, later: FILE... are the files that STORE was "
    "made\n"
    "of, in the order of 'vial info'; of a bank they are looked for where they were when they came in. A "
    "file\n"
    "that is another one now is refused. The new store is verified before it takes the name; what the store\n"
    "holds, and its digest, stay. Then 'vial export --original' gives the very files back.\n"
    "\n"
    "  vial describe S1.h5 S1_R1.fastq.gz S1_R2.fastq.gz\n",
    run
};
