/* Quality control of a run as JSON (mass_qc.h): for programs, docs/json.schema.json; a table for MultiQC. */
#include "formats/text.h"
#include "pipeline/spectra/mass_qc.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define say(text, ...) vl_text_put(text, err, __VA_ARGS__)

static void put_number(vl_buf *text, double v, vl_err *err)
{
    if (isfinite(v)) vl_text_number(text, v, false, err);
    else say(text, "null");
}

static void put_member(vl_buf *text, const char *name, double v, vl_err *err)
{
    say(text, ",\"%s\":", name);
    put_number(text, v, err);
}

static void put_parts(vl_buf *text, const char *name, const double *part, vl_err *err)
{
    say(text, ",\"%s\":[", name);
    for (int k = 0; k < VL_RUN_PARTS; k++) {
        if (k) say(text, ",");
        put_number(text, part[k], err);
    }
    say(text, "]");
}

static void put_numbers(const vl_mass_qc *q, vl_buf *text, vl_err *err)
{
    vl_mass_number list[VL_MASS_NUMBERS];
    const int n = vl_mass_numbers(q, list);
    say(text, ",\n\"numbers\":{");
    for (int i = 0; i < n && !err->code; i++) {
        say(text, "%s\"%s\":", i ? ",\n" : "", list[i].name);
        put_number(text, list[i].value, err);
    }
    say(text, "}");
}

static void put_lists(const vl_run_qc *q, vl_buf *text, vl_err *err)
{
    bool first = true;
    say(text, ",\n\"levels\":[");
    for (int k = 0; k < q->nlevel && !err->code; k++) {
        say(text, "%s{\"level\":%d", k ? "," : "", q->level[k].level);
        put_parts(text, "rates", q->level[k].part, err);
        say(text, "}");
    }
    say(text, "],\n\"charges\":[");
    for (int k = 0; k < 256; k++) {
        if (!q->charge[k]) continue;
        say(text, "%s{\"charge\":%d,\"precursors\":%" PRIu64 "}", first ? "" : ",", k - 128, q->charge[k]);
        first = false;
    }
    say(text, "],\n\"scheme\":\"%s\",\n\"windows\":[", vl_scheme_name(q->scheme));
    for (size_t i = 0; i < q->nwindow && !err->code; i++) {
        const vl_window_qc *const w = &q->window[i];
        say(text, "%s{\"spectra\":%" PRIu64, i ? ",\n" : "", w->spectra);
        put_member(text, "target", w->target, err);
        put_member(text, "low", w->low, err);
        put_member(text, "high", w->high, err);
        put_member(text, "collision_energy", w->energy, err);
        put_member(text, "cycle", w->cycle, err);
        put_member(text, "peaks", w->peaks, err);
        put_member(text, "tic", w->tic, err);
        say(text, "}");
    }
    say(text, "]");
}

static void put_background(const vl_background *b, vl_buf *text, vl_err *err)
{
    say(text, ",\n\"background\":{\"looked\":%zu", b->looked);
    put_parts(text, "errors", b->part, err);
    say(text, ",\"ions\":[");
    for (size_t i = 0; i < b->nion && !err->code; i++) {
        const vl_background_ion *const ion = &b->ion[i];
        say(text, "%s{\"name\":\"%s\",\"formula\":\"%s\",\"looked\":%zu,\"found\":%zu", i ? ",\n" : "",
            ion->name, ion->formula, ion->looked, ion->found);
        put_member(text, "mz", ion->mz, err);
        put_member(text, "error", ion->error, err);
        put_member(text, "spread", ion->spread, err);
        say(text, "}");
    }
    say(text, "]}");
}

static vl_code print_json(vl_qc_job *job, vl_err *err)
{
    vl_buf text = { 0 };
    vl_mass_qc q;
    if (!vl_mass_qc_open(&q, job->store, true, job->note, err)) {
        say(&text, "{\"name\":");
        vl_text_json(&text, job->name, strlen(job->name), err);
        put_numbers(&q, &text, err);
        put_lists(&q.run, &text, err);
        put_background(&q.background, &text, err);
        say(&text, "}\n");
        if (!err->code) job->put(job, "", &text, err);
    }
    vl_mass_qc_free(&q);
    vl_buf_free(&text);
    return err->code;
}

/* ---- a table for MultiQC ---- */

static void put_table(const vl_qc_job *job, const double value[VL_MEASURES], vl_buf *text, vl_err *err)
{
    const vl_measure *const list = vl_mass_measures.list;
    vl_light light = VL_GREEN;
    bool first = true;
    vl_qc_judge(job, &light, NULL, err);
    say(text,
        "{\"id\":\"vial_spectra\",\"section_name\":\"vial: spectra\",\"plot_type\":\"table\",\n"
        "\"pconfig\":{\"id\":\"vial_spectra_table\",\"title\":\"vial: spectra\",\"namespace\":\"vial\"},\n"
        "\"headers\":{");
    for (int i = 0; list[i].name; i++)
        say(text, "%s\"%s\":{\"title\":\"%s\",\"suffix\":\"%s%s\",\"format\":\"{:,.%df}\"}", i ? ",\n" : "",
            list[i].name, list[i].title, *list[i].unit ? " " : "", list[i].unit, list[i].digits);
    if (job->ask->nlimit)
        say(text,
            ",\n\"state\":{\"title\":\"State\",\"cond_formatting_rules\":{\"pass\":[{\"s_eq\":\"green\"}"
            "],\"warn\":[{\"s_eq\":\"yellow\"}],\"fail\":[{\"s_eq\":\"red\"}]}}");
    say(text, "},\n\"data\":{");
    if (!err->code) vl_text_json(text, job->name, strlen(job->name), err);
    say(text, ":{");
    for (int i = 0; list[i].name && !err->code; i++) {
        if (!isfinite(value[i])) continue;
        say(text, "%s\"%s\":", first ? "" : ",", list[i].name);
        vl_text_number(text, value[i], false, err);
        first = false;
    }
    if (job->ask->nlimit) say(text, "%s\"state\":\"%s\"", first ? "" : ",", vl_light_name(light));
    say(text, "}}}\n");
}

static vl_code print_multiqc(vl_qc_job *job, vl_err *err)
{
    vl_buf text = { 0 };
    char file[320];
    double value[VL_MEASURES];
    snprintf(file, sizeof file, "%s_mqc.json", job->name);
    if (!vl_mass_measures.read(job->store, value, err)) put_table(job, value, &text, err);
    if (!err->code) job->put(job, file, &text, err);
    vl_buf_free(&text);
    return err->code;
}

const vl_qc_form vl_mass_qc_json = { "json", "all that is known, docs/json.schema.json", false, print_json };
const vl_qc_form vl_mass_qc_multiqc = { "multiqc", "what MultiQC reads: a table", true, print_multiqc };
