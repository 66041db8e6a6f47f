/* The same data twice (twice.h). */
#include "pipeline/in/twice.h"

#include "pipeline/io/names.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file of the inputs, and what is the same of two that are the same. */
typedef struct one {
    const char *name;
    uint8_t key[32];
} one;

static int by_key(const void *a, const void *b)
{
    return memcmp(((const one *)a)->key, ((const one *)b)->key, sizeof((const one *)a)->key);
}

/* Two of the same key; NULL: there are none. The list is put in order. */
static const one *find_twice(one *list, size_t n)
{
    qsort(list, n, sizeof *list, by_key);
    for (size_t i = 1; i < n; i++)
        if (!by_key(&list[i - 1], &list[i])) return &list[i - 1];
    return NULL;
}

vl_code vl_refuse_twice(const vl_inputs *inputs, vl_err *err)
{
    one *const list = calloc(inputs->n + 1, sizeof *list);
    size_t n = 0;
    if (!list) return vl_fail(err, VL_ENOMEM, "no memory for %zu inputs", inputs->n);
    for (size_t i = 0; i < inputs->n; i++) {
        struct stat st;
        const char *const path = inputs->file[i].path;
        if ((strcmp(path, "-") ? stat(path, &st) : fstat(STDIN_FILENO, &st)) || !S_ISREG(st.st_mode))
            continue;
        list[n].name = path;
        memcpy(list[n].key, &st.st_dev, sizeof st.st_dev);
        memcpy(list[n++].key + sizeof st.st_dev, &st.st_ino, sizeof st.st_ino);
    }
    const one *const two = find_twice(list, n);
    if (two && !strcmp(two[0].name, two[1].name)) vl_fail(err, VL_EARG, "is given twice");
    else if (two) vl_fail(err, VL_EARG, "is the same file as %.150s, given twice", two[0].name);
    if (two) vl_err_file(err, two[1].name);
    free(list);
    return err->code;
}

bool vl_same_mates(const vl_cutter *c)
{
    return c->nstream == 2 && c->stream[0].bytes &&
           XXH128_isEqual(XXH3_128bits_digest(c->stream[0].hash), XXH3_128bits_digest(c->stream[1].hash));
}

static size_t count_files(const vl_cutter *c)
{
    size_t n = 0;
    for (int s = 0; s < c->nstream; s++) n += (size_t)vl_cutter_nfile(c, s);
    return n;
}

vl_code vl_refuse_same_data(const vl_cutter *c, vl_err *err)
{
    one *const list = calloc(count_files(c) + 1, sizeof *list);
    size_t n = 0;
    if (!list) return vl_fail(err, VL_ENOMEM, "no memory for names of inputs");
    for (int s = 0; s < c->nstream; s++) {
        for (int f = 0; f < vl_cutter_nfile(c, s); f++) {
            const vl_file_facts *const file = vl_cutter_file(c, s, f);
            if (!file->plain_bytes) continue;
            list[n].name = file->name;
            memcpy(list[n++].key, file->sha256, sizeof file->sha256);
        }
    }
    const one *const two = find_twice(list, n);
    if (two) {
        vl_fail(err, VL_EFORMAT, "holds the same bytes as %.120s: given twice? (--same-data takes them)",
                two[0].name);
        vl_err_file(err, two[1].name);
    } else if (vl_same_mates(c)) {
        vl_fail(err, VL_EFORMAT,
                "holds the same text as its mate %.120s: given twice? (--same-data takes it)",
                c->stream[0].name);
        vl_err_file(err, c->stream[1].name);
    }
    free(list);
    return err->code;
}
