/* The table of sources, and what names of inputs mean (source.h). */
#include "pipeline/io/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VL_SOURCE(name) extern const vl_source vl_source_##name;
#include "pipeline/io/sources.def"
#undef VL_SOURCE

const vl_source *const vl_sources[] = {
#define VL_SOURCE(name) &vl_source_##name,
#include "pipeline/io/sources.def"
#undef VL_SOURCE
    NULL
};

/* What can be seen of a name and its first bytes. What is missing, or may not be read, open will say. */
static vl_code look_at(const char *path, vl_place *at, vl_err *err)
{
    struct stat st;
    *at = (vl_place){ .path = path };
    if (!strcmp(path, "-") || stat(path, &st)) return VL_OK;
    at->folder = S_ISDIR(st.st_mode);
    at->regular = S_ISREG(st.st_mode);
    const int fd = at->regular ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
    if (fd < 0) return VL_OK;
    ssize_t n;
    do n = read(fd, at->head, sizeof at->head);
    while (n < 0 && errno == EINTR);
    if (n < 0) vl_fail_errno(err, VL_EIO, errno, "cannot be read");
    else at->nhead = (size_t)n;
    close(fd);
    return err->code;
}

static const vl_source *find(const vl_place *at)
{
    const vl_source *best = &vl_source_stream;
    int most = 0;
    for (int i = 0; vl_sources[i]; i++) {
        const int sure = vl_sources[i]->probe(at);
        if (sure > most) {
            most = sure;
            best = vl_sources[i];
        }
    }
    return best;
}

/* Something that was named before, such as a folder, gave more streams than one: it stands alone. */
static vl_code refuse_more(const char *path, vl_err *err)
{
    vl_fail(err, VL_EARG, "stands beside what names all its files itself");
    return vl_err_file(err, path);
}

/* The file that does not come alone with the one there is, if that is of a source with such files. */
static vl_code add_beside(const vl_source *source, vl_inputs *all, vl_err *err)
{
    char *const path = all->n == 1 && source->beside ? source->beside(all->file[0].path) : NULL;
    if (path && !vl_inputs_add(all, all->file[0].stream + 1, path, err)) all->file[1].role = VL_ROLE_BESIDE;
    free(path);
    return err->code;
}

vl_code vl_source_complete(vl_inputs *all, vl_err *err)
{
    vl_place at;
    if (all->n != 1) return VL_OK;
    if (look_at(all->file[0].path, &at, err)) return vl_err_file(err, all->file[0].path);
    return add_beside(find(&at), all, err);
}

static vl_code gather_one(const char *path, int stream, vl_inputs *all, vl_err *err)
{
    if (vl_inputs_nstream(all) > stream + 1) return refuse_more(path, err);
    vl_place at;
    if (look_at(path, &at, err)) return vl_err_file(err, path);
    const vl_source *const source = find(&at), *const before = all->source;
    if (source->gather ? source->gather(path, stream, all, err) : vl_inputs_add(all, stream, path, err))
        return vl_err_file(err, path);
    if (!all->source || all->source == before) all->source = source->open ? source : before;
    if (!before && (source->gather ? vl_source_complete(all, err) : add_beside(source, all, err)))
        return err->code;
    if (!before || before == all->source) return VL_OK;
    vl_fail(err, VL_EARG, "is read as %s, the inputs before it as %s", all->source->name, before->name);
    return vl_err_file(err, path);
}

vl_code vl_source_gather(const char *name, int stream, vl_inputs *all, vl_err *err)
{
    if (vl_inputs_nstream(all) > stream) return refuse_more(name, err);
    if (!strchr(name, ',') || !access(name, F_OK)) return gather_one(name, stream, all, err);
    char *const row = strdup(name), *rest = row;
    if (!row) return vl_fail(err, VL_ENOMEM, "no memory for names of inputs");
    while (rest && !err->code) {
        const char *const one = strsep(&rest, ",");
        if (*one) gather_one(one, stream, all, err);
        else vl_fail(err, VL_EARG, "'%.150s': a file name is empty", name);
    }
    free(row);
    return err->code;
}

const vl_source *vl_source_of(const vl_inputs *inputs)
{
    vl_place at;
    vl_err err = VL_ERR_INIT; /* whoever opens it will say it */
    if (inputs->source) return inputs->source;
    if (!inputs->n || look_at(inputs->file[0].path, &at, &err)) return &vl_source_stream;
    const vl_source *const source = find(&at);
    return source->open ? source : &vl_source_stream;
}
