/* Reads in the table of kinds. */
#include "formats/reads/reads.h"
#include "pipeline/out/measure.h"
#include "pipeline/out/qc.h"
#include "pipeline/reads/reads_index.h"
#include "pipeline/reads/reads_qc.h"
#include "pipeline/reads/reads_view.h"

extern const vl_measures vl_reads_measures;
vl_code vl_reads_brief(struct vl_reader *r, struct vl_html *h, vl_err *err);
vl_code vl_reads_report(struct vl_reader *r, struct vl_html *h, vl_err *err);

static const vl_qc_form *const forms[] = { &vl_reads_qc_text, &vl_reads_qc_json, &vl_reads_qc_fastqc,
                                           &vl_reads_qc_multiqc, NULL };
static const vl_index *const indexes[] = { &vl_reads_by_name, NULL };

const vl_kind vl_kind_reads = { .schema = &vl_reads_schema,
                                .old = &vl_reads_1,
                                .rows = "reads",
                                .units = "bases",
                                .unit_field = VL_RD_BASE,
                                .tally = &vl_reads_tally,
                                .qc = forms,
                                .measures = &vl_reads_measures,
                                .reprint = true,
                                .index = indexes,
                                .question = &vl_reads_question,
                                .brief = vl_reads_brief,
                                .report = vl_reads_report };
