/* A change of samples in a worker (chore.h). */
#include "pipeline/bank/chore.h"

#include "pipeline/bank/intake/worker.h"
#include "pipeline/bank/record.h"

#include <stdlib.h>
#include <sysexits.h>

static int work(void *argument, int fd)
{
    const vl_chore *const chore = argument;
    vl_err err = VL_ERR_INIT;
    char line[640];
    json_t *const said = chore->work(chore->self, &err);
    char *const text = said ? json_dumps(said, JSON_COMPACT) : NULL;
    if (!text) vl_fail(&err, VL_ENOMEM, "no memory for the record of a sample");
    if (err.code) vl_err_print(&err, line, sizeof line);
    return vl_worker_say(fd, err.code ? line : text) ? vl_exit_code(err.code) : EX_OSERR;
}

static vl_code put_records(vl_catalog *c, const json_t *records, vl_err *err)
{
    size_t i;
    json_t *record;
    const char *wrong = json_is_array(records) ? NULL : "no records";
    json_array_foreach((json_t *)records, i, record) if (!wrong) wrong = vl_record_wrong(record);
    if (wrong) return vl_fail(err, VL_EBUG, "the worker said something else: %.100s", wrong);
    if (vl_catalog_begin(c, err)) return err->code;
    json_array_foreach((json_t *)records, i, record) if (vl_catalog_put(c, record, err)) break;
    if (err->code) vl_catalog_rollback(c);
    else vl_catalog_commit(c, err);
    return err->code;
}

json_t *vl_chore_run(vl_chore *chore, vl_catalog *c, vl_err *err)
{
    vl_worker w = { 0 };
    json_t *said = NULL;
    chore->settled = false;
    if (vl_worker_start(&w, work, chore, 0, err)) return NULL;
    const int code = vl_worker_wait(&w);
    if (code) {
        chore->settled = vl_worker_refused(code);
        vl_fail(err, vl_worker_code(code), "%.230s",
                code < 128 && w.said.len ? (char *)w.said.data : "the worker died");
    } else if (!(said = json_loads((char *)w.said.data, 0, NULL))) {
        vl_fail(err, VL_EBUG, "the worker said something else");
    } else {
        chore->settled = !put_records(c, json_object_get(said, "records"), err);
    }
    vl_worker_free(&w);
    if (!err->code) return said;
    json_decref(said);
    return NULL;
}
