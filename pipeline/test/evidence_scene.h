/*
 * What the checks of evidence share: a bank into which hostile names went (markup, quotes, newlines,
 * controls, bytes that are no UTF-8, marks that turn the direction of writing), and what it leaves to read.
 * The clock stands still.
 */
#ifndef EVIDENCE_SCENE_H
#define EVIDENCE_SCENE_H

#include "pipeline/bank/catalog/catalog_db.h"
#include "pipeline/bank/evidence.h"

#include <unistd.h>

enum { NOW = 1795336200 }; /* 2026-11-22T08:30:00Z, a Sunday */
#define TODAY  "2026-11-22"
#define MARKUP "<script>alert(\"x\")</script>&amp;'--></td>"

extern char evidence_folder[64];       /* the folder all happens in */
void begin_evidence(const char *name); /* NAME of the check */
int end_evidence(void);                /* as check_end */

/* The whole file with a 0 behind it; owned by the caller. "" if there is none. */
char *read_text(const char *path);
static inline bool exists(const char *path) { return !access(path, F_OK); }

typedef struct scene {
    vl_bank bank;
    vl_catalog *catalog;
    char root[96];
} scene;

void open_scene(scene *s, const char *name);
void close_scene(scene *s);
char *read_in(const scene *s, const char *name); /* as read_text, below the bank */
void add_job(scene *s, double start, double end, int code, uint64_t items, uint64_t published,
             uint64_t refused, uint64_t bytes, int64_t *id);
void put_sample(scene *s, const char *name, const char *kind, double published, json_int_t bytes,
                bool withdrawn);
/* Two good runs, hostile names everywhere, a failed store and a withdrawn sample. */
void fill_scene(scene *s);

extern vl_inputs evidence_inputs; /* one; there is a second behind it */
vl_evidence evidence(const char *sample, const char *acquisition);
void keep_evidence(const scene *s, const vl_evidence *e, const char *want);

#endif
