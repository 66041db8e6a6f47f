/* Spectra in the table of kinds. */
#include "pipeline/spectra/mass_qc.h"
#include "pipeline/spectra/spectra_index.h"
#include "pipeline/spectra/spectra_summaries.h"
#include "pipeline/spectra/spectra_view.h"

vl_code vl_spectra_brief(struct vl_reader *r, struct vl_html *h, vl_err *err);
vl_code vl_spectra_report(struct vl_reader *r, struct vl_html *h, vl_err *err);

static const vl_index *const indexes[] = { &vl_spectra_by_id, &vl_spectra_by_scan, &vl_spectra_by_time,
                                           NULL };

static const vl_qc_form *const forms[] = { &vl_mass_qc_text, &vl_mass_qc_tsv,     &vl_mass_qc_json,
                                           &vl_mass_qc_mzqc, &vl_mass_qc_multiqc, NULL };

static const vl_summary *const summaries[] = { &vl_spectra_xic, &vl_spectra_map, &vl_spectra_image, NULL };

const vl_kind vl_kind_spectra = { .schema = &vl_spectra_schema,
                                  .old = &vl_spectra_1,
                                  .rows = "spectra",
                                  .units = "arrays",
                                  .unit_field = -1,
                                  .unit_table = VL_SPT_ARRAY,
                                  .qc = forms,
                                  .measures = &vl_mass_measures,
                                  .index = indexes,
                                  .summary = summaries,
                                  .question = &vl_spectra_question,
                                  .brief = vl_spectra_brief,
                                  .report = vl_spectra_report };
