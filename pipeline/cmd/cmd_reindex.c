/* vial reindex: indexes made again from the columns. */
#include "pipeline/cmd/opt.h"
#include "pipeline/cmd/renewing.h"
#include "pipeline/out/reindex.h"
#include "pipeline/run/run.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void tell(const char *name, const vl_renewed *done)
{
    if (done->current) vl_say(stdout, "%s: its indexes are as they should be", name);
    else
        vl_say(stdout, "%s: indexes made again, %" PRIu64 " bytes, were %" PRIu64 ", digest %s", name,
               done->after, done->before, done->digest);
}

static vl_code reindex_file(const vl_renewing *r, const char *store, vl_renewed *done, vl_err *err)
{
    vl_reindexed made = { 0 };
    const vl_reindex ask = { .store = store,
                             .threads = r->threads,
                             .progress = r->quiet ? VL_PROGRESS_OFF : VL_PROGRESS_AUTO };
    vl_reindex_run(&ask, &made, err);
    *done = (vl_renewed){ .current = made.current, .before = made.before, .after = made.after };
    memcpy(done->digest, made.digest, sizeof made.digest);
    return err->code;
}

static int run(const vl_command *me, int argc, char **argv)
{
    int rest = 0, code = 0;
    vl_renewing r = { .how = VL_RENEW_INDEX, .file = reindex_file, .tell = tell };
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &r.bank, "BANK", "stores are SAMPLE or SAMPLE/ACQUISITION of this bank" },
        { '@', "threads", VL_OPT_COUNT, &r.threads, "N", "threads; default: all cores" },
        { 'q', "quiet", VL_OPT_FLAG, &r.quiet, NULL, "no progress; say only what went wrong" },
        { .name = "" },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest == argc) return vl_usage(me, "no store");
    r.name = argv + rest;
    r.n = argc - rest;
    if (!r.threads) r.threads = vl_cores();
    return vl_renew_all(&r);
}

const vl_command vl_command_reindex = {
    "reindex", "[options] STORE... | -b BANK SAMPLE[/ACQUISITION]...", "makes the indexes of stores again",
    "Indexes say where names, ids, scan numbers and times may be, so that a question need not read all\n"
    "rows. A store gets them when it is made; older ones, and such whose index is damaged, get them here.\n"
    "A store whose indexes are as they should be is left alone. The new file is verified before it takes\n"
    "the name; what the store holds, and its digest, stay. In a bank the sample's record and the catalogue\n"
    "follow.\n",
    run
};
