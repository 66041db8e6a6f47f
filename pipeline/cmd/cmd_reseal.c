/* vial reseal: a store that an HDF5 program opened for writing is proven and sealed again. */
#include "pipeline/cmd/renewing.h"
#include "pipeline/out/reseal.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void tell(const char *name, const vl_renewed *done)
{
    if (done->current) {
        vl_say(stdout, "%s: is sealed as it is", name);
        return;
    }
    for (const char *line = (const char *)done->dropped.data; line && *line;) {
        const int n = (int)strcspn(line, "\n");
        vl_say(stdout, "%s: taken out: %.*s", name, n, line);
        line += n + (line[n] != 0);
    }
    vl_say(stdout, "%s: sealed again, %" PRIu64 " bytes%s, digest %s", name, done->after,
           done->same ? ", the same as when it was published" : "", done->digest);
}

static vl_code reseal_file(const vl_renewing *r, const char *store, vl_renewed *done, vl_err *err)
{
    vl_resealed made = { 0 };
    const vl_reseal ask = { .store = store,
                            .drop = r->drop,
                            .threads = r->threads,
                            .progress = r->quiet ? VL_PROGRESS_OFF : VL_PROGRESS_AUTO };
    vl_reseal_run(&ask, &made, err);
    *done = (vl_renewed){
        .current = made.current, .same = made.same, .after = made.seal.bytes, .dropped = made.dropped
    };
    memcpy(done->digest, made.digest, sizeof made.digest);
    return err->code;
}

static int run(const vl_command *me, int argc, char **argv)
{
    vl_renewing r = { .how = VL_RENEW_SEAL, .file = reseal_file, .tell = tell };
    return vl_renew_command(me, &r, argc, argv);
}

const vl_command vl_command_reseal = {
    "reseal", "[--drop] STORE... | -b BANK SAMPLE[/ACQUISITION]...",
    "proves stores whose seal is gone, and seals them again",
    "An HDF5 program that opens a store for writing may change it, and of stores of earlier days it cuts "
    "the\n"
    "seal off; every command then refuses the store. If all of its content is there, as its digests say, "
    "reseal\n"
    "writes it anew with a seal. What others added is named and refused, or, with --drop, taken out. A "
    "store\n"
    "whose content does not fit is refused, and left as it is: ingest its original again. In a bank the\n"
    "sample's record and the catalogue follow.\n",
    run
};
