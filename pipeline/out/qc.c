/* Quality control of a store (qc.h): opens it, finds the form, writes what it prints. */
#include "pipeline/out/qc.h"

#include "formats/text.h"
#include "pipeline/io/output.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* "  Q30 or more        57.06 %  yellow: less than 60", and so on. */
static void say_limit(vl_buf *text, const vl_limit *limit, const vl_measure *m, double value, vl_err *err)
{
    char is[40], bound[40];
    const vl_light light = vl_limit_judge(limit, value);
    const double at = light == VL_RED ? limit->red : limit->yellow;
    vl_text_put(text, err, "  %-20s%12s  %s", m->title, vl_measure_show(m, value, is),
                isfinite(value) ? vl_light_name(light) : "not known");
    if (light)
        vl_text_put(text, err, ": %s than %s", limit->most ? "more" : "less", vl_measure_show(m, at, bound));
    vl_text_put(text, err, "\n");
}

vl_code vl_qc_judge(const vl_qc_job *job, vl_light *light, vl_buf *text, vl_err *err)
{
    const vl_qc_ask *const ask = job->ask;
    const vl_kind *kind;
    double value[VL_MEASURES];
    *light = VL_GREEN;
    if (!ask->nlimit || vl_kind_of(&kind, job->store, err) || !kind->measures) return err->code;
    if (kind->measures->read(job->store, value, err)) return err->code;
    for (int i = 0; kind->measures->list[i].name; i++) {
        const vl_measure *const m = &kind->measures->list[i];
        const vl_light one = vl_limits_judge(ask->limit, ask->nlimit, m, value[i]);
        *light = one > *light ? one : *light;
        for (int k = 0; k < ask->nlimit && text; k++)
            if (!strcmp(ask->limit[k].name, m->name)) say_limit(text, &ask->limit[k], m, value[i], err);
    }
    return err->code;
}

void vl_qc_put_limits(const vl_qc_job *job, vl_buf *text, vl_err *err)
{
    vl_light light;
    if (!job->ask->nlimit) return;
    vl_text_put(text, err, "\nBy the bank's limits\n");
    if (!vl_qc_judge(job, &light, text, err))
        vl_text_put(text, err, "%-22s%12s\n", "together", vl_light_name(light));
}

static vl_code write_text(const char *path, const vl_buf *text, bool force, vl_err *err)
{
    vl_output *out = NULL;
    if (!vl_output_open(&out, path, force, err) && !vl_output_put(out, text, err)) vl_output_commit(out, err);
    vl_output_close(out);
    return err->code;
}

static vl_code make_folder(const char *path, vl_err *err)
{
    if (!mkdir(path, 0777) || errno == EEXIST) return VL_OK;
    vl_fail_errno(err, errno == EACCES ? VL_EPERM : VL_EIO, errno, "cannot make the folder");
    return vl_err_file(err, path);
}

static vl_code put(vl_qc_job *job, const char *file, const vl_buf *text, vl_err *err)
{
    char path[4096];
    if (!*file) return write_text(job->ask->out, text, job->ask->force, err);
    const int n = snprintf(path, sizeof path, "%s/%s", job->ask->out, file);
    if (n >= (int)sizeof path) return vl_fail(err, VL_EARG, "the path is too long");
    char *const slash = strrchr(path, '/');
    if (make_folder(job->ask->out, err)) return err->code;
    *slash = 0;
    if (make_folder(path, err)) return err->code;
    *slash = '/';
    return write_text(path, text, job->ask->force, err);
}

static const vl_qc_form *find_form(const vl_kind *kind, const vl_qc_ask *ask, vl_err *err)
{
    char list[200] = "";
    if (!kind->qc) {
        vl_fail(err, VL_EUNSUP, "there is no form of quality control for %s", kind->rows);
        return NULL;
    }
    for (int i = 0; kind->qc[i]; i++) {
        if (!ask->form || !strcmp(kind->qc[i]->name, ask->form)) return kind->qc[i];
        const size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", kind->qc[i]->name);
    }
    vl_fail(err, VL_EARG, "'%s' is no form for quality control of %s: %s", ask->form, kind->rows, list);
    return NULL;
}

/* The sample, or the name of the file without its ending. */
static const char *name_of(const vl_qc_ask *ask, const vl_about *about, char name[256])
{
    const char *const slash = strrchr(ask->store, '/'), *const file = slash ? slash + 1 : ask->store;
    const char *const dot = strrchr(file, '.');
    if (ask->name) return ask->name;
    if (*about->sample) return about->sample;
    snprintf(name, 256, "%.*s", dot && dot > file ? (int)(dot - file) : (int)strlen(file), file);
    return name;
}

static vl_code print(const vl_qc_ask *ask, vl_store *st, char *note, vl_err *err)
{
    char name[256];
    vl_about about;
    const vl_kind *kind;
    if (vl_about_read(&about, st, err) || vl_kind_of(&kind, st, err)) return err->code;
    const vl_qc_form *const form = find_form(kind, ask, err);
    if (!form) return err->code;
    vl_qc_job job = {
        .ask = ask, .store = st, .about = &about, .name = name_of(ask, &about, name), .put = put
    };
    if (strchr(job.name, '/')) return vl_fail(err, VL_EARG, "'%s' is no name of a file", job.name);
    if (form->folder && !strcmp(ask->out, "-"))
        return vl_fail(err, VL_EARG, "form %s is files: they go to a folder", form->name);
    form->print(&job, err);
    snprintf(note, VL_QC_NOTE, "%s", job.note);
    return err->code;
}

vl_code vl_qc_run(const vl_qc_ask *ask, char note[VL_QC_NOTE], vl_err *err)
{
    vl_store *st = NULL;
    uint64_t bytes = 0;
    note[0] = 0;
    if (!vl_seal_check(ask->store, 0, &bytes, err) && !vl_store_open(&st, ask->store, err))
        print(ask, st, note, err);
    vl_store_close(st);
    return err->code && !err->file[0] ? vl_err_file(err, ask->store) : err->code;
}
