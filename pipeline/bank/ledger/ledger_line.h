/* A line of the ledger as bytes (docs/ledger.md); for the files of the ledger only. */
#ifndef VL_LEDGER_LINE_H
#define VL_LEDGER_LINE_H

#include "pipeline/bank/ledger/ledger.h"

enum { VL_LEDGER_HEAD = 17 };

/* "vial-ledger 1 f5\n", and the chain that its first line continues. */
const char *vl_ledger_head(unsigned shard, char text[VL_LEDGER_HEAD + 1]);
void vl_ledger_first_chain(unsigned shard, char chain[17]);
/* user@host of this process, escaped as file names are. */
const char *vl_ledger_who(void);

/* Adds a line. sample: escaped; "" for VL_LEDGER_LOST. chain: of the line before; becomes that of this one.
 * *sum: of this one. source, patch: JSON. */
vl_code vl_ledger_line_add(vl_buf *text, const vl_ledger_line *line, char chain[17], char sum[17],
                           vl_err *err);
/* The line of an entry, now and by this user; of a line that is lost, which says in its place why. */
vl_code vl_ledger_line_add_entry(vl_buf *text, const vl_ledger_entry *entry, uint64_t number, char chain[17],
                                 char sum[17], vl_err *err);
vl_code vl_ledger_line_add_lost(vl_buf *text, const vl_ledger_line *line, char chain[17], vl_err *err);
/* Takes n bytes with their line end apart and checks number and sum. False: line->wrong says what. */
bool vl_ledger_line_split(const char *at, size_t n, vl_ledger_line *line);
/* Does the line continue that chain? "": unknown, any does. */
bool vl_ledger_line_continues(const vl_ledger_line *line, const char *chain);

static inline vl_ledger_field vl_ledger_field_of(const char *text)
{
    return (vl_ledger_field){ text, __builtin_strlen(text) };
}
bool vl_ledger_field_is(vl_ledger_field piece, const char *text);

/* Adds the ids of all samples of which some line has the word, each ended by 0. */
vl_code vl_ledger_with_word(const vl_ledger_shard *s, const char *word, vl_buf *names, vl_err *err);

#endif
