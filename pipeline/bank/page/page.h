/* Pages for people: one HTML file, no network, plots as inline SVG. */
#ifndef VL_PAGE_H
#define VL_PAGE_H

#include "pipeline/bank/catalog/catalog.h"

/* The page of a day (or night) of the bank: what came in by kind, rates, sizes, refusals by reason with how
 * to retry, what is open (of open_items.h; NULL: unknown), state of verification, growth of the last 90 days,
 * days until the disk is full. day: "2026-11-22", local. Written whole to path, or to reports/<day>.html when
 * path is NULL. */
vl_code vl_page_day(const vl_bank *bank, vl_catalog *c, const json_t *open, const char *day, const char *path,
                    vl_err *err);
/* The page of a sample: its facts, stores, how good their data is, where they lie and how to get it back; of
 * one that was withdrawn, that it was. Not after HDF5 was entered: stores are opened by workers. */
vl_code vl_page_sample(const vl_bank *bank, vl_catalog *c, const char *sample, const char *path, vl_err *err);

/* The page that compares all stores of the bank by their measures, the worst and the oddest first. The same
 * holds for its workers. */
vl_code vl_page_compare(const vl_bank *bank, vl_catalog *c, const char *path, vl_err *err);

/* ---- between the files page*.c ---- */
struct vl_html;
/* Ends the page and writes it whole to path, if there was no error. */
vl_code vl_page_end(struct vl_html *h, const char *path);

#endif
