/* What a run leaves to read: log, quarantine, metrics. */
#ifndef VL_EVIDENCE_H
#define VL_EVIDENCE_H

#include "pipeline/bank/catalog/catalog.h"

/* ---- log: one line an event, as text or JSON, to a file (opened for each line: logrotate may move it),
 * syslog or standard error ---- */
typedef enum vl_log_level { VL_LOG_INFO, VL_LOG_WARNING, VL_LOG_ERROR } vl_log_level;
/* Names and values in pairs follow the message, ended by NULL: vl_log(bank, VL_LOG_INFO, "published",
 * "sample", sample, "#bytes", text, NULL); a value is a number when its name begins with '#'. Text form:
 * "2026-11-22T08:30:00Z info published sample=S1 bytes=100"; values with blanks or quotes are quoted as in
 * JSON. */
void vl_log(const vl_bank *bank, vl_log_level level, const char *event, ...) __attribute__((sentinel));

/* ---- quarantine: one JSON a refused item ---- */
typedef struct vl_evidence {
    double at;
    const char *sample, *acquisition, *sheet; /* NULL where unknown */
    const vl_inputs *inputs;                  /* NULL: unknown */
    uint32_t line;                            /* of the sheet; 0: none */
    const char *reason; /* code: "truncated", "format", "unsupported", "conflict", "crash", "timeout" ... */
    const char *retry;  /* how to try again, a sentence */
    int exit_code;      /* or 128 + signal */
    vl_err err;         /* message and place */
} vl_evidence;
/* quarantine/<date>/<sample>-<acquisition>[-n].json; its path relative to the bank into path of VL_BANK_PATH.
 */
vl_code vl_quarantine(const vl_bank *bank, const vl_evidence *e, char path[VL_BANK_PATH], vl_err *err);
/* The code of reason for an error. */
const char *vl_reason_of(const vl_err *err);

/* ---- metrics for the node exporter's textfile collector ---- */
/* Writes bank->metrics (or reports/vial.prom) anew from the catalogue, the disk and the open items
 * (open_items.h). */
vl_code vl_metrics_write(const vl_bank *bank, vl_catalog *c, const json_t *open, vl_err *err);

#endif
