/* Files that are to be described (pending_files.h). */
#include "pipeline/bank/pending_files.h"

#include "pipeline/bank/catalog/sql.h"
#include "pipeline/bank/evidence.h"
#include "pipeline/bank/renew.h"
#include "pipeline/run/say.h"

#include <stdio.h>
#include <string.h>

/* "SAMPLE/ACQUISITION", a 0, the kind, a 0; one store behind the other. */
static vl_code list_stores(vl_catalog *c, vl_buf *names, vl_err *err)
{
    sqlite3_stmt *const q = vl_sql_ask(c,
                                       "SELECT sample.name || '/' || acquisition.name, kind" VL_SQL_LIVE
                                       "AND original = 'pending' ORDER BY published_at, store_id",
                                       NULL, 0, err);
    while (vl_sql_row(c, q, err))
        for (int i = 0; i < 2 && !err->code; i++)
            vl_buf_append(names, vl_sql_column(q, i), strlen(vl_sql_column(q, i)) + 1, err);
    return err->code;
}

/* What is wrong with one store costs that one; what is wrong with the machine ends the work. */
static vl_code describe_one(const vl_pending *ask, vl_catalog *c, const char *name, const char *kind,
                            vl_pending_done *done, vl_err *err)
{
    vl_err why = VL_ERR_INIT;
    vl_renewed made = { 0 };
    const vl_renew renew = {
        .bank = ask->bank, .name = name, .kind = kind, .how = VL_RENEW_ORIGINAL, .threads = ask->threads
    };
    vl_renew_store(&renew, c, &made, &why);
    vl_buf_free(&made.dropped);
    if (!why.code) {
        done->described++;
        done->pending--;
        return VL_OK;
    }
    if (why.code == VL_ENOMEM || why.code == VL_EIO || why.code == VL_EPERM) return *err = why, err->code;
    done->gone++;
    vl_log(ask->bank, VL_LOG_INFO, "not described", "store", name, "message", why.what, NULL);
    if (ask->tell) vl_say(stderr, "vial: not described: %s: %s", name, why.what);
    return VL_OK;
}

vl_code vl_pending_files(const vl_pending *ask, vl_catalog *c, vl_pending_done *done, vl_err *err)
{
    vl_buf names = { 0 };
    *done = (vl_pending_done){ 0 };
    list_stores(c, &names, err);
    for (size_t at = 0; at < names.len; done->pending++)
        for (int i = 0; i < 2; i++) at += strlen((char *)names.data + at) + 1;
    for (size_t at = 0; at < names.len && !err->code && !ask->dry;) {
        const char *const name = (char *)names.data + at, *const kind = name + strlen(name) + 1;
        if (ask->until > 0 && vl_bank_now() > ask->until) break;
        at += strlen(name) + strlen(kind) + 2;
        describe_one(ask, c, name, kind, done, err);
    }
    vl_buf_free(&names);
    return err->code;
}
