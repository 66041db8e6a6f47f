/* vial reindex: indexes made again from the columns. */
#include "pipeline/cmd/each.h"
#include "pipeline/cmd/opt.h"
#include "pipeline/out/reindex.h"
#include "pipeline/run/run.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* The record of a sample knows the bytes of its stores: only the bank changes both. */
static bool is_of_bank(const char *store)
{
    char beside[4096];
    const char *const slash = strrchr(store, '/');
    snprintf(beside, sizeof beside, "%.*ssample.h5", slash ? (int)(slash - store) + 1 : 0, store);
    return !access(beside, F_OK);
}

typedef struct asked {
    int threads;
    bool quiet;
} asked;

static int reindex_store(void *self, const char *store)
{
    const asked *const a = self;
    vl_err err = VL_ERR_INIT;
    vl_reindexed done = { 0 };
    const vl_reindex ask = { .store = store,
                             .threads = a->threads ? a->threads : vl_cores(),
                             .progress = a->quiet ? VL_PROGRESS_OFF : VL_PROGRESS_AUTO };
    if (is_of_bank(store)) {
        vl_fail(&err, VL_EARG, "is a store of a bank: vial reindex -b BANK SAMPLE");
        vl_err_file(&err, store);
        return vl_report(&err);
    }
    if (vl_reindex_run(&ask, &done, &err)) return vl_report(&err);
    if (a->quiet) return EX_OK;
    if (done.current) vl_say(stdout, "%s: its indexes are as they should be", store);
    else
        vl_say(stdout, "%s: indexes made again, %" PRIu64 " bytes, were %" PRIu64 ", digest %s", store,
               done.after, done.before, done.digest);
    return EX_OK;
}

static int run(const vl_command *me, int argc, char **argv)
{
    asked a = { 0 };
    int rest = 0, code = 0;
    const vl_opt opt[] = {
        { '@', "threads", VL_OPT_COUNT, &a.threads, "N", "threads; default: all cores" },
        { 'q', "quiet", VL_OPT_FLAG, &a.quiet, NULL, "no progress; say only what went wrong" },
        { .name = "" },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest == argc) return vl_usage(me, "no store");
    return vl_each(argc - rest, argv + rest, reindex_store, &a);
}

const vl_command vl_command_reindex = {
    "reindex", "[options] STORE...", "makes the indexes of stores again",
    "Indexes say where names, ids, scan numbers and times may be, so that a question need not read all\n"
    "rows. A store gets them when it is made; older ones, and such whose index is damaged, get them here.\n"
    "A store whose indexes are as they should be is left alone. The new file is verified before it takes\n"
    "the name; what the store holds, and its digest, stay.\n",
    run
};
