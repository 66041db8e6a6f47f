/* Summaries (summary.h): opens the store, reads the options, writes what the kind prints. */
#include "pipeline/out/summary.h"

#include <stdlib.h>
#include <string.h>

const vl_summary *vl_summary_find(const vl_kind *kind, const char *name)
{
    for (int i = 0; kind->summary && kind->summary[i]; i++)
        if (!strcmp(kind->summary[i]->name, name)) return kind->summary[i];
    return NULL;
}

static vl_code print(const vl_summary *s, vl_summary_job *job, vl_err *err)
{
    const vl_summary_ask *const ask = job->ask;
    void *const asked = calloc(1, s->size + 1);
    if (!asked) return vl_fail(err, VL_ENOMEM, "no memory for a summary");
    job->asked = asked;
    if (s->defaults) s->defaults(asked);
    if (!vl_opt_set_all(s->option, asked, ask->given, err) &&
        !vl_output_open(&job->out, ask->out, ask->force, err) && !s->print(job, err))
        vl_output_commit(job->out, err);
    vl_output_close(job->out);
    vl_work_free(&job->work);
    free(asked);
    return err->code;
}

vl_code vl_summary_rows(vl_summary_job *job, vl_err *err)
{
    return vl_reader_open(&job->r, job->store, job->kind->schema, job->kind->old, err);
}

vl_code vl_summary_run(const char *name, const vl_summary_ask *ask, vl_err *err)
{
    vl_summary_job job = { .ask = ask };
    if (!vl_store_look(&job.store, ask->store, err) && !vl_kind_of(&job.kind, job.store, err)) {
        const vl_summary *const s = vl_summary_find(job.kind, name);
        if (!s) vl_fail(err, VL_EUNSUP, "the store holds %s, of which there is no %s", job.kind->rows, name);
        else if (s->counts || !vl_summary_rows(&job, err)) print(s, &job, err);
    }
    vl_reader_close(job.r);
    vl_store_close(job.store);
    return err->code && err->code != VL_EARG ? vl_err_file(err, ask->store) : err->code;
}
