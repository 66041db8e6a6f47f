/*
 * The inputs of one acquisition: files, and what each of them is in it.
 *
 * Files of one stream follow each other as one text: lanes in a row. Streams stand side by side, record by
 * record: R1 and R2. Files stand in order of streams, and within a stream in the order in which they are
 * read.
 */
#ifndef VL_INPUTS_H
#define VL_INPUTS_H

#include "formats/err.h"
#include <stdbool.h>
#include <stddef.h>

typedef enum vl_role {
    VL_ROLE_DATA, /* the data itself, and nothing more is known */
    VL_ROLE_R1,   /* first mates */
    VL_ROLE_R2,
    VL_ROLE_I1, /* index reads */
    VL_ROLE_I2,
    VL_ROLE_REFERENCE, /* is needed to read the data, and not kept */
    VL_ROLE_BESIDE,    /* belongs to the file of the first stream, which does not come alone */
    VL_NROLE
} vl_role;
const char *vl_role_name(vl_role role); /* "data", "R1" ...; static */

typedef struct vl_file {
    char *path; /* owned; "-" is standard input */
    vl_role role;
    int stream; /* from 0 */
} vl_file;

struct vl_source;

typedef struct vl_inputs {
    vl_file *file; /* owned */
    size_t n, cap;
    const struct vl_source *source; /* that reads them (source.h); NULL: it will be found out */
    const char *reference;          /* borrowed: FASTA that one may need to read them; NULL: none was named */
    bool salvages;     /* a packing that is damaged ends where its damage begins: what precedes it is text */
    bool keeps_behind; /* bytes behind the last gzip member, which are no text, are kept by who reads */
} vl_inputs;

/* Adds a file behind the others of its stream; the path is copied. */
vl_code vl_inputs_add(vl_inputs *in, int stream, const char *path, vl_err *err);
int vl_inputs_nstream(const vl_inputs *in);
/* Number of the first file of a stream, and how many it has. */
size_t vl_inputs_first(const vl_inputs *in, int stream);
size_t vl_inputs_count(const vl_inputs *in, int stream);
/* Says of each file of data what it is: R1 and R2 by stream where there are two, else by the mark in its
 * name. */
void vl_inputs_name_roles(vl_inputs *in);
/* What the file of that number in a stream is. */
vl_role vl_inputs_role(const vl_inputs *in, int stream, int file);
/* Can they be read once more? */
bool vl_inputs_are_files(const vl_inputs *in);
/* The same files in the same order? */
bool vl_inputs_equal(const vl_inputs *a, const vl_inputs *b);
void vl_inputs_free(vl_inputs *in);
/* Why a file cannot be opened, with a hint where its name shows one: a link that leads nowhere, '~' that no
 * shell has read, '\\' between folders. Returns the code that vl_fail does. */
vl_code vl_fail_open(vl_err *err, const char *path, int errnum);

/* Name of the acquisition: that of the file, or of lanes in a row what their names have in common; false:
 * they have nothing in common, and it is that of the first. Into text of 256 bytes. */
bool vl_inputs_acquisition(const vl_inputs *in, char text[256]);

#endif
