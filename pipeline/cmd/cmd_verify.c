/* vial verify: is a store whole? */
#include "pipeline/cmd/opt.h"
#include "pipeline/run.h"
#include "pipeline/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

static int run(const vl_command *me, int argc, char **argv)
{
    bool quiet = false, deep = false;
    int threads = 0, rest = 0, code = 0, worst = EX_OK;
    const vl_opt opt[] = {
        { 0, "deep", VL_OPT_FLAG, &deep, NULL,
          "spectra: also make the whole original text again and compare" },
        { '@', "threads", VL_OPT_COUNT, &threads, "N", "threads; default: all cores" },
        { 'q', "quiet", VL_OPT_FLAG, &quiet, NULL, "no progress; say only what is damaged" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, argc, argv, &rest, &code)) return code;
    if (rest == argc) return vl_usage(me, "no store");
    for (; rest < argc; rest++) {
        vl_err err = VL_ERR_INIT;
        vl_verified seen = { 0 };
        const vl_verify ask = { argv[rest], threads ? threads : vl_cores(), deep,
                                quiet ? VL_PROGRESS_OFF : VL_PROGRESS_AUTO };
        if (vl_verify_run(&ask, &seen, &err)) {
            worst = vl_report(&err);
        } else if (!quiet) {
            printf("%s: ok: %" PRIu64 " rows, %d columns, %" PRIu64 " chunks, %" PRIu64
                   " bytes%s, digest %s\n",
                   argv[rest], seen.rows, seen.columns, seen.chunks, seen.bytes,
                   seen.text ? ", original text compared" : "", seen.digest);
        }
    }
    return worst;
}

const vl_command vl_command_verify = { "verify", "[options] STORE...", "checks that stores are whole",
                                       "Checks the trailer and the hash over all bytes, the digest table, "
                                       "every chunk and every column; reads are printed\n"
                                       "again and compared with the hash of the original text. A damaged "
                                       "store is named with data set and chunk where\n"
                                       "that is known, and the exit code is 65.\n",
                                       run };
