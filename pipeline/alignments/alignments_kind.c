/* Alignments in the table of kinds. */
#include "pipeline/alignments/alignments_counts.h"
#include "pipeline/alignments/alignments_index.h"
#include "pipeline/alignments/alignments_qc.h"
#include "pipeline/alignments/alignments_summaries.h"
#include "pipeline/alignments/alignments_view.h"
#include "pipeline/out/identity.h"
#include "pipeline/out/serve.h"

extern const vl_identity vl_alignments_identity;
vl_code vl_alignments_brief(struct vl_reader *r, struct vl_html *h, vl_err *err);
vl_code vl_alignments_report(struct vl_reader *r, struct vl_html *h, vl_err *err);

static const vl_qc_form *const forms[] = { &vl_alignments_qc_text, &vl_alignments_qc_json,
                                           &vl_alignments_qc_multiqc, NULL };
static const vl_index *const indexes[] = { &vl_alignments_by_place, NULL };

static const vl_summary *const summaries[] = { &vl_alignments_flagstat,
                                               &vl_alignments_idxstats,
                                               &vl_alignments_depth,
                                               &vl_alignments_coverage,
                                               &vl_alignments_stats,
                                               &vl_alignments_look,
                                               NULL };

static const vl_served served = { .endpoint = "reads", .format = "BAM", .form = "bam", .header = "header" };

const vl_kind vl_kind_alignments = { .schema = &vl_alignments_schema,
                                     .rows = "alignments",
                                     .units = "bases",
                                     .unit_field = VL_AL_BASE,
                                     .reprint = true,
                                     .tally = &vl_alignments_tally,
                                     .index = indexes,
                                     .summary = summaries,
                                     .identity = &vl_alignments_identity,
                                     .served = &served,
                                     .qc = forms,
                                     .measures = &vl_alignments_measures,
                                     .question = &vl_alignments_question,
                                     .brief = vl_alignments_brief,
                                     .report = vl_alignments_report };
