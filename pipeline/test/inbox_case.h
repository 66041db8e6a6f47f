/*
 * What the checks of inboxes share: files in an inbox, a scan, and what came out of it.
 *
 * Each case makes a folder "in" of its own, scans it and compares what came out, written as lines:
 *
 *     S1 S1_L001 a_R1.fq a_R2.fq        an item: sample, acquisition, files
 *     ? b.fq: changed # s ago ...       something that waits; numbers of seconds are written #
 *     ! c.fq: is empty                  something wrong
 *     - c_I1.fq: index reads; ...       something that is left where it is
 *     + 2                               files that are no items
 *
 * Times of change cannot be set, so most cases look from an hour ahead.
 */
#ifndef INBOX_CASE_H
#define INBOX_CASE_H

#include "pipeline/bank/inbox/inbox_parts.h"

#define READ  "@r1\nACGT\n+\nIIII\n"
#define MZML  "<?xml version=\"1.0\"?>\n<mzML xmlns=\"http://psi.hupo.org/ms/mzml\" version=\"1.1.0\">\n"
#define AHEAD 3600.0

extern char *inbox_home; /* the folder all happens in */
extern vl_bank inbox_bank;
extern char inbox_name[], inbox_path[];
extern const vl_inbox plain_inbox;
vl_inbox with_match(const char *match);

void begin_inboxes(const char *name); /* NAME of the check */
int end_inboxes(void);                /* as check_leave */
void begin_inbox(void);               /* a new, empty one */
void remove_all(const char *path);

/* Make a file below the inbox, and the folders above it. */
void put_bytes(const char *name, const void *bytes, size_t n);
void put_file(const char *name, const char *text);
void put_gzip(const char *name, const char *text, bool block, bool empty_first); /* block: BGZF */
void put_zstd(const char *name, const char *text, bool skip_first);
void put_reads(const char *names); /* files of one read each; the names are separated by blanks */
void put_link(const char *to, const char *name);
void set_mtime(const char *name, double at);
double changed(const char *name); /* when a file of the inbox changed last */

void expect_found_at(double now, vl_inbox inbox, const char *about, const char *lines);
void expect_found(vl_inbox inbox, const char *about, const char *lines); /* an hour ahead */
vl_code scan_code(vl_inbox inbox, vl_err *err);

#endif
