/* Alignments in the table of kinds. */
#include "pipeline/alignments/alignments_counts.h"
#include "pipeline/alignments/alignments_index.h"
#include "pipeline/alignments/alignments_summaries.h"
#include "pipeline/alignments/alignments_view.h"

static const vl_index *const indexes[] = { &vl_alignments_by_place, NULL };

static const vl_summary *const summaries[] = { &vl_alignments_flagstat, &vl_alignments_idxstats,
                                               &vl_alignments_depth,    &vl_alignments_coverage,
                                               &vl_alignments_stats,    NULL };

const vl_kind vl_kind_alignments = { .schema = &vl_alignments_schema,
                                     .rows = "alignments",
                                     .units = "bases",
                                     .unit_field = VL_AL_BASE,
                                     .reprint = true,
                                     .tally = &vl_alignments_tally,
                                     .index = indexes,
                                     .summary = summaries,
                                     .question = &vl_alignments_question };
