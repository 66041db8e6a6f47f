/* vial reseal: a store that an HDF5 program opened for writing is proven and sealed again. */
#include "pipeline/cmd/opt.h"
#include "pipeline/out/reseal.h"
#include "pipeline/run/run.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static void tell(const char *store, const vl_resealed *done)
{
    if (done->current) {
        vl_say(stdout, "%s: is sealed as it is", store);
        return;
    }
    for (const char *line = (const char *)done->dropped.data; line && *line;) {
        const int n = (int)strcspn(line, "\n");
        vl_say(stdout, "%s: taken out: %.*s", store, n, line);
        line += n + (line[n] != 0);
    }
    vl_say(stdout, "%s: sealed again, %" PRIu64 " bytes%s, digest %s", store, done->seal.bytes,
           done->same ? ", the same as when it was published" : "", done->digest);
}

static int reseal_store(const vl_reseal *ask, bool quiet)
{
    vl_err err = VL_ERR_INIT;
    vl_resealed done = { 0 };
    if (!vl_reseal_run(ask, &done, &err) && !quiet) tell(ask->store, &done);
    vl_buf_free(&done.dropped);
    return err.code ? vl_report(&err) : EX_OK;
}

static int run(const vl_command *me, int argc, char **argv)
{
    bool quiet = false, drop = false;
    int threads = 0, rest = 0, code = 0, worst = EX_OK;
    const vl_opt opt[] = {
        { 0, "drop", VL_OPT_FLAG, &drop, NULL, "take out what others added to the store" },
        { '@', "threads", VL_OPT_COUNT, &threads, "N", "threads; default: all cores" },
        { 'q', "quiet", VL_OPT_FLAG, &quiet, NULL, "no progress; say only what went wrong" },
        { .name = "" },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest == argc) return vl_usage(me, "no store");
    for (; rest < argc; rest++) {
        const vl_reseal ask = { .store = argv[rest],
                                .drop = drop,
                                .threads = threads ? threads : vl_cores(),
                                .progress = quiet ? VL_PROGRESS_OFF : VL_PROGRESS_AUTO };
        code = reseal_store(&ask, quiet);
        if (code) worst = code;
    }
    return worst;
}

const vl_command vl_command_reseal = {
    "reseal", "[--drop] STORE...", "proves stores whose seal is gone, and seals them again",
    "An HDF5 program that opens a store for writing may change it, and of stores of earlier days it cuts "
    "the\n"
    "seal off; every command then refuses the store. If all of its content is there, as its digests say, "
    "reseal\n"
    "writes it anew with a seal. What others added is named and refused, or, with --drop, taken out. A "
    "store\n"
    "whose content does not fit is refused, and left as it is: ingest its original again.\n",
    run
};
