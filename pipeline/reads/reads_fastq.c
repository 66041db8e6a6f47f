/* View of reads as FASTQ: whole records, with names as mates have them. */
#include "pipeline/reads/reads_view.h"

static vl_code print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    return vl_fastq_print_rows(&load->plan.batch, vl_reads_how(v), 0, load->skip, load->n, &load->text, err);
}

const vl_form vl_reads_fastq = { "fastq", false, NULL, print, NULL };
