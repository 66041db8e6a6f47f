/* Serve (serve.h): requests into questions of view, and what it prints into answers. */
#include "pipeline/out/serve.h"

#include "formats/text.h"
#include "pipeline/io/http.h"
#include "pipeline/out/view.h"
#include "pipeline/run/say.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NAME = 256, REGION = 512, AT_ONCE = 8, PIECE = 1 << 16 };
#define TICKET "application/vnd.ga4gh.htsget.v1.3.0+json"

/* How a process that answered ends: whether it has given data to the end. */
enum { GAVE = 0, GAVE_NOT = 1 };

/* A request, understood. */
typedef struct wanted {
    vl_request request;
    const vl_served *served;
    const vl_kind *kind;
    bool data;   /* the bytes, no ticket */
    bool header; /* nothing but the header */
    char path[VL_SERVE_PATH];
    char region[REGION]; /* "": all */
} wanted;

/* ---- what is asked ---- */

/* "/reads/ID", "/data/reads/ID": the kind, and the id. */
static const char *take_path(wanted *w)
{
    static const char data[] = "/data";
    const char *p = w->request.path;
    w->data = !strncmp(p, data, sizeof data - 1) && p[sizeof data - 1] == '/';
    if (w->data) p += sizeof data - 1;
    for (int i = 0; vl_kinds[i]; i++) {
        const vl_served *const s = vl_kinds[i]->served;
        const size_t n = s ? strlen(s->endpoint) : 0;
        if (!s || strncmp(p + 1, s->endpoint, n) || p[1 + n] != '/' || !p[2 + n]) continue;
        w->served = s;
        w->kind = vl_kinds[i];
        return p + 2 + n;
    }
    return NULL;
}

/* A place, from 0; missing: *there is false. */
static vl_code take_place(const wanted *w, const char *name, uint64_t *place, bool *there, vl_err *err)
{
    char text[NAME];
    if (vl_http_value(&w->request, name, text, sizeof text, there, err) || !*there) return err->code;
    char *end;
    errno = 0;
    *place = strtoull(text, &end, 10);
    const bool good = *text >= '0' && *text <= '9' && !*end && !errno && *place <= INT64_MAX;
    return good ? VL_OK : vl_fail(err, VL_EARG, "%s is '%.40s', and no place", name, text);
}

/* Of htsget places count from 0 and ends do not count; of a region they count from 1 and do. */
static vl_code take_region(wanted *w, vl_err *err)
{
    char name[NAME];
    uint64_t from = 0, to = 0;
    bool named, begins, ends;
    if (vl_http_value(&w->request, "referenceName", name, sizeof name, &named, err) ||
        take_place(w, "start", &from, &begins, err) || take_place(w, "end", &to, &ends, err))
        return err->code;
    if (!named && (begins || ends)) return vl_fail(err, VL_EARG, "start and end go with referenceName");
    if (ends && to <= from)
        return vl_fail(err, VL_EARG, "end %llu is not behind start %llu", (unsigned long long)to,
                       (unsigned long long)from);
    if (!named) return VL_OK;
    if (!begins && !ends) snprintf(w->region, sizeof w->region, "%s", name);
    else if (!ends) snprintf(w->region, sizeof w->region, "{%s}:%llu-", name, (unsigned long long)from + 1);
    else
        snprintf(w->region, sizeof w->region, "{%s}:%llu-%llu", name, (unsigned long long)from + 1,
                 (unsigned long long)to);
    return VL_OK;
}

static vl_code understand(const vl_serve *ask, wanted *w, vl_err *err)
{
    char format[NAME], class[NAME];
    bool there;
    const char *const id = take_path(w);
    if (!id) return vl_fail(err, VL_ENOIN, "nothing has the path %.200s", w->request.path);
    if (vl_http_value(&w->request, "format", format, sizeof format, &there, err)) return err->code;
    if (there && strcmp(format, w->served->format))
        return vl_fail(err, VL_EUNSUP, "format is '%.40s'; %s is what there is", format, w->served->format);
    if (vl_http_value(&w->request, "class", class, sizeof class, &there, err)) return err->code;
    w->header = there && !strcmp(class, "header");
    return take_region(w, err) ? err->code : ask->find(ask->self, id, w->path, err);
}

/* ---- what reads a store ---- */

/* In a process of its own: prints to file descriptor `to`, or nowhere and only asks. */
static int view(const wanted *w, int to, int threads)
{
    vl_given given = { .n = 0 };
    vl_err err = VL_ERR_INIT;
    char note[VL_VIEW_NOTE];
    const char *const region = w->region;
    const vl_view ask = { .store = w->path,
                          .out = to < 0 ? "/dev/null" : "-",
                          .form = to < 0 ? NULL : w->served->form,
                          .rows = { 0, UINT64_MAX },
                          .more = &region,
                          .nmore = *region && !w->header,
                          .given = &given,
                          .count = to < 0,
                          .threads = threads };
    if (to >= 0 && dup2(to, STDOUT_FILENO) < 0) return GAVE_NOT;
    if (w->header && to >= 0) vl_given_add(&given, w->served->header, "", &err);
    if (!err.code) vl_view_run(&ask, note, &err);
    if (err.code && err.code != VL_ECLOSED) vl_say_error(&err);
    return err.code ? GAVE_NOT : GAVE;
}

static bool ended_well(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == GAVE;
}

/* What can be read now, into answers. */
static vl_code relay(int connection, int from, vl_err *err)
{
    uint8_t bytes[PIECE];
    for (ssize_t n; !err->code;) {
        n = read(from, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n ? vl_fail_errno(err, VL_EIO, errno, "cannot read what is to be given") : VL_OK;
        vl_http_piece(connection, bytes, (size_t)n, err);
    }
    return err->code;
}

static vl_code give_data(const vl_serve *ask, const wanted *w, int connection, vl_err *err)
{
    int ends[2];
    if (pipe(ends)) return vl_fail_errno(err, VL_EIO, errno, "cannot make a pipe");
    const pid_t pid = fork();
    if (!pid) {
        close(ends[0]);
        close(connection);
        _exit(view(w, ends[1], ask->threads));
    }
    close(ends[1]);
    if (pid < 0) vl_fail_errno(err, VL_EIO, errno, "cannot make a process");
    else if (!vl_http_begin(connection, "application/octet-stream", err)) relay(connection, ends[0], err);
    close(ends[0]);
    if (pid > 0 && !ended_well(pid)) vl_fail(err, VL_ESTORE, "was not printed to its end");
    return err->code ? vl_err_file(err, w->path) : vl_http_end(connection, err);
}

/* A ticket is given for what can be given: a store of that kind, and a region that it has. */
static vl_code give_ticket(const vl_serve *ask, const wanted *w, int connection, vl_err *err)
{
    vl_buf text = { 0 };
    vl_store *store = NULL;
    const vl_kind *kind = NULL;
    if (!vl_store_look(&store, w->path, err) && !vl_kind_of(&kind, store, err) && kind != w->kind)
        vl_fail(err, VL_ENOIN, "holds %s, no %s", kind->rows, w->kind->rows);
    vl_store_close(store);
    if (err->code) return err->code;
    const pid_t pid = *w->region ? fork() : 0;
    if (*w->region && !pid) _exit(view(w, -1, 1));
    if (*w->region && (pid < 0 || !ended_well(pid)))
        return vl_fail(err, VL_EARG, "there is no region %.200s", w->region);
    vl_text_put(&text, err, "{\"htsget\":{\"format\":\"%s\",\"urls\":[{\"url\":\"http://127.0.0.1:%d/data",
                w->served->format, ask->port);
    vl_text_json_inside(&text, w->request.path, strlen(w->request.path), err);
    if (*w->request.query) vl_text_add(&text, "?", err);
    vl_text_json_inside(&text, w->request.query, strlen(w->request.query), err);
    vl_text_put(&text, err, "\",\"class\":\"%s\"}]}}\n", w->header ? "header" : "body");
    if (!err->code) vl_http_answer(connection, 200, TICKET, &text, err);
    vl_buf_free(&text);
    return err->code;
}

/* ---- connections ---- */

/* The status and the word that htsget has for it. */
static int status_of(vl_code code, const char **word)
{
    switch (code) {
    case VL_ENOIN: *word = "NotFound"; return 404;
    case VL_EARG:
    case VL_EFORMAT: *word = "InvalidInput"; return 400;
    case VL_EUNSUP: *word = "UnsupportedFormat"; return 400;
    case VL_EPERM: *word = "PermissionDenied"; return 403;
    default: *word = "InternalError"; return 500;
    }
}

static void give_error(int connection, const vl_err *why)
{
    vl_buf text = { 0 };
    vl_err err = VL_ERR_INIT;
    const char *word;
    const int status = status_of(why->code, &word);
    vl_text_put(&text, &err, "{\"htsget\":{\"error\":\"%s\",\"message\":", word);
    vl_text_json(&text, why->what, strlen(why->what), &err);
    vl_text_add(&text, "}}\n", &err);
    if (!err.code) vl_http_answer(connection, status, TICKET, &text, &err);
    vl_buf_free(&text);
}

/* The life of a connection's process. */
static int answer(const vl_serve *ask, int connection)
{
    wanted w = { .served = NULL };
    vl_err err = VL_ERR_INIT;
    if (!vl_http_same_user(connection))
        vl_fail(&err, VL_EPERM, "only programs of the user who serves are answered");
    else if (!vl_http_read(connection, &w.request, &err) && strcmp(w.request.method, "GET"))
        vl_fail(&err, VL_EARG, "only GET is answered");
    if (!err.code && !understand(ask, &w, &err)) {
        if (w.data && !give_data(ask, &w, connection, &err)) return GAVE;
        if (w.data || !give_ticket(ask, &w, connection, &err))
            goto out; /* an answer has begun, or is whole */
    }
    give_error(connection, &err);
out:
    if (err.code && err.code != VL_ECLOSED) vl_say_error(&err);
    return GAVE_NOT;
}

/* One connection, in a process of its own; *gave: it has been given data to the end, if that is waited
 * for. */
static vl_code serve_one(const vl_serve *ask, int socket, int *busy, bool *gave, vl_err *err)
{
    const int connection = vl_http_accept(socket);
    if (connection < 0)
        return errno == EINTR || errno == ECONNABORTED
                   ? VL_OK
                   : vl_fail_errno(err, VL_EIO, errno, "cannot take a connection");
    const pid_t pid = fork();
    if (!pid) {
        close(socket);
        _exit(answer(ask, connection));
    }
    close(connection);
    if (pid < 0) return vl_fail_errno(err, VL_EIO, errno, "cannot make a process");
    *gave = ask->once && ended_well(pid);
    *busy += !ask->once;
    while (*busy && waitpid(-1, NULL, *busy < AT_ONCE ? WNOHANG : 0) > 0) --*busy;
    return VL_OK;
}

vl_code vl_serve_run(const vl_serve *asked, vl_err *err)
{
    vl_serve ask = *asked;
    int socket = -1, busy = 0;
    if (vl_http_listen(&socket, &ask.port, err)) return err->code;
    ask.ready(ask.self, ask.port);
    for (bool gave = false; !gave && !serve_one(&ask, socket, &busy, &gave, err);) {
    }
    close(socket);
    return err->code;
}
