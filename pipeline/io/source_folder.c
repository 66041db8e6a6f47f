/*
 * The source of a folder: the files of one library, as demultiplexing leaves them (source.h).
 *
 *     run7/P1/P1_S3_L001_R1_001.fastq.gz   P1_S3_L001_R2_001.fastq.gz   P1_S3_L002_R1_001.fastq.gz ...
 *
 * Lanes and pieces follow each other by their numbers; first and second mates are two streams (names.h). Only
 * the names are looked at; files whose ending no format with mates has are left alone, as are hidden ones.
 * What does not fit together is refused: a mate that is missing, two files for one lane, two libraries, index
 * reads (which are an acquisition of their own). The stream reads what was found. A folder without lanes is
 * of the one file in it of a format without mates, as run7.mzML.
 */
#include "pipeline/io/names.h"
#include "pipeline/io/source.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int probe(const vl_place *at) { return at->folder ? 50 : 0; }

static int is_lane(const struct dirent *e)
{
    const vl_name name = vl_name_split(e->d_name);
    return e->d_name[0] != '.' && name.format && name.format->mates;
}

static int is_alone(const struct dirent *e)
{
    const vl_name name = vl_name_split(e->d_name);
    return e->d_name[0] != '.' && name.format && !name.format->mates;
}

static int by_lane(const struct dirent **a, const struct dirent **b)
{
    return vl_name_order((*a)->d_name, (*b)->d_name);
}

/* Does a file belong to the library that the first one is of? */
static vl_code check_library(const char *first, const char *name, vl_err *err)
{
    char one[256], other[256];
    vl_name_library(first, one);
    vl_name_library(name, other);
    if (vl_name_split(name).mark == 'I')
        return vl_fail(err, VL_EARG,
                       "holds index reads (%.80s), an acquisition of their own: name the files to be read",
                       name);
    if (!strcmp(one, other)) return VL_OK;
    return vl_fail(err, VL_EARG, "holds more than one library (%.70s, %.70s): name the files to be read",
                   first, name);
}

/* Same lane, same piece? */
static bool same_place(const char *a, const char *b)
{
    const vl_name x = vl_name_split(a), y = vl_name_split(b);
    return x.lane == y.lane && x.piece == y.piece;
}

/* Each lane once, and as many second mates as first ones, of the same lanes. */
static vl_code check_lanes(const vl_inputs *all, vl_err *err)
{
    const size_t n[2] = { vl_inputs_count(all, 0), vl_inputs_count(all, 1) };
    for (size_t i = 1; i < all->n; i++) {
        const char *const a = vl_name_base(all->file[i - 1].path), *const b = vl_name_base(all->file[i].path);
        if (all->file[i].stream == all->file[i - 1].stream && same_place(a, b))
            return vl_fail(err, VL_EARG, "has two files for one lane: %.80s and %.80s", a, b);
    }
    for (size_t i = 0; n[1] && i < n[0] + n[1]; i++) {
        const char *const one = i < n[0] ? vl_name_base(all->file[i].path) : NULL;
        const char *const two = i < n[1] ? vl_name_base(all->file[n[0] + i].path) : NULL;
        if (!one && !two) break;
        if (one && two && same_place(one, two)) continue;
        return vl_fail(err, VL_EARG, "lacks the mates of %.120s",
                       !one || (two && vl_name_order(two, one) < 0) ? two : one);
    }
    return VL_OK;
}

static vl_code add(const char *path, const char *name, int stream, vl_inputs *all, vl_err *err)
{
    char *full = NULL;
    if (asprintf(&full, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/", name) < 0)
        return vl_fail(err, VL_ENOMEM, "no memory for names of inputs");
    vl_inputs_add(all, stream, full, err);
    free(full);
    return err->code;
}

static vl_code add_all(const char *path, struct dirent **entry, int n, vl_inputs *all, vl_err *err)
{
    for (int i = 0; i < n && !err->code; i++) {
        const char *const name = entry[i]->d_name;
        if (check_library(entry[0]->d_name, name, err)) break;
        add(path, name, vl_name_split(name).mate == '2', all, err);
    }
    return err->code;
}

/* The one file of a folder without lanes; who reads it is found out from itself. */
static vl_code add_alone(const char *path, vl_inputs *all, vl_err *err)
{
    struct dirent **entry = NULL;
    const int n = scandir(path, &entry, is_alone, by_lane);
    if (n < 0) return vl_fail_errno(err, VL_ENOIN, errno, "cannot read the folder");
    if (!n) vl_fail(err, VL_ENOIN, "this folder holds no lanes of a library, and no other file that is read");
    else if (n > 1)
        vl_fail(err, VL_EARG, "holds %d files, each an acquisition of its own (%.70s, %.70s): name one", n,
                entry[0]->d_name, entry[1]->d_name);
    else add(path, entry[0]->d_name, 0, all, err);
    for (int i = 0; i < n; i++) free(entry[i]);
    free(entry);
    return err->code;
}

static vl_code gather(const char *path, int stream, vl_inputs *all, vl_err *err)
{
    struct dirent **entry = NULL;
    if (all->n || stream) return vl_fail(err, VL_EARG, "a folder stands alone: it names all files itself");
    const int n = scandir(path, &entry, is_lane, by_lane);
    if (n < 0) return vl_fail_errno(err, VL_ENOIN, errno, "cannot read the folder");
    if (!n) {
        free(entry);
        return add_alone(path, all, err);
    }
    if (!add_all(path, entry, n, all, err)) {
        if (!vl_inputs_count(all, 0)) vl_fail(err, VL_EARG, "holds second mates without the first");
        else check_lanes(all, err);
    }
    for (int i = 0; i < n; i++) free(entry[i]);
    free(entry);
    all->source = &vl_source_stream;
    return err->code;
}

const vl_source vl_source_folder = { .name = "folder",
                                     .doc = "the files of one library: lanes in a row, mates side by side",
                                     .probe = probe,
                                     .gather = gather };
