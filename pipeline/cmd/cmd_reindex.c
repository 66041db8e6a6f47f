/* vial reindex: indexes made again from the columns. */
#include "pipeline/cmd/renewing.h"
#include "pipeline/out/reindex.h"
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
    vl_renewing r = { .how = VL_RENEW_INDEX, .file = reindex_file, .tell = tell };
    return vl_renew_command(me, &r, argc, argv);
}

const vl_command vl_command_reindex = {
    "reindex", "[options] STORE... | -b BANK SAMPLE[/ACQUISITION]...", "makes the indexes of stores again",
    "Indexes say where names, ids, scan numbers and times may be, so that a question need not read all\n"
    "rows. A store gets them when it is made; older ones, and such whose index is damaged, get them here.\n"
    "A store whose indexes are as they should be is left alone. The new file is verified before it takes\n"
    "the name; what the store holds, and its digest, stay. In a bank the sample's record and the catalogue\n"
    "follow, and get the measures of the store (vial help qc) if they had none.\n",
    run
};
