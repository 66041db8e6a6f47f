/* HTTP on this machine (http.h). */
#include "pipeline/io/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { LONGEST = 16384, SECONDS = 30, QUEUE = 16 };

vl_code vl_http_listen(int *result, int *port, vl_err *err)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)*port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;
    const int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) || listen(fd, QUEUE) ||
        getsockname(fd, (struct sockaddr *)&at, &n)) {
        vl_fail_errno(err, VL_EIO, errno, "cannot listen on port %d of 127.0.0.1", *port);
        if (fd >= 0) close(fd);
        return err->code;
    }
    *port = ntohs(at.sin_port);
    *result = fd;
    return VL_OK;
}

int vl_http_accept(int socket)
{
    const struct timeval limit = { .tv_sec = SECONDS };
    const int fd = accept4(socket, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    return fd;
}

/* The kernel lists each end of a connection with the user it is of (proc(5), /proc/net/tcp): we look for the
 * other end, whose own address is what we see as the peer's. */
bool vl_http_same_user(int connection)
{
    struct sockaddr_in here, there;
    socklen_t n = sizeof here, m = sizeof there;
    char line[512];
    bool same = false;
    if (getsockname(connection, (struct sockaddr *)&here, &n) ||
        getpeername(connection, (struct sockaddr *)&there, &m))
        return false;
    FILE *const f = fopen("/proc/net/tcp", "re");
    while (f && fgets(line, sizeof line, f)) {
        unsigned from, from_port, to, to_port, user;
        if (sscanf(line, "%*u: %x:%x %x:%x %*x %*x:%*x %*x:%*x %*x %u", &from, &from_port, &to, &to_port,
                   &user) != 5)
            continue;
        if (from == there.sin_addr.s_addr && from_port == ntohs(there.sin_port) &&
            to == here.sin_addr.s_addr && to_port == ntohs(here.sin_port))
            same = user == geteuid() || user == 0;
    }
    if (f) fclose(f);
    return same;
}

/* ---- requests ---- */

static int hex_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    const char low = (char)(c | 32);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* [from, end) with %XX as bytes, ended by 0; false: it does not fit, or holds a byte 0. */
static bool decode(const char *from, const char *end, bool plus, char *to, size_t room)
{
    size_t n = 0;
    for (; from < end; from++) {
        char c = plus && *from == '+' ? ' ' : *from;
        if (c == '%') {
            const int high = end - from > 2 ? hex_of(from[1]) : -1, low = high < 0 ? -1 : hex_of(from[2]);
            if (low < 0) return false;
            c = (char)(high << 4 | low);
            from += 2;
        }
        if (!c || n + 1 >= room) return false;
        to[n++] = c;
    }
    to[n] = 0;
    return true;
}

/* "GET /path?query HTTP/1.1" */
static bool parse(vl_request *r, const char *line, const char *end)
{
    const char *const target = memchr(line, ' ', (size_t)(end - line));
    const char *const last = target ? memchr(target + 1, ' ', (size_t)(end - target - 1)) : NULL;
    if (!last || strncmp(last + 1, "HTTP/1.", 7)) return false;
    const char *const ask = memchr(target, '?', (size_t)(last - target));
    const char *const query = ask ? ask + 1 : last;
    if ((size_t)(last - query) >= sizeof r->query || target[1] != '/') return false;
    memcpy(r->query, query, (size_t)(last - query));
    r->query[last - query] = 0;
    return decode(line, target, false, r->method, sizeof r->method) &&
           decode(target + 1, ask ? ask : last, false, r->path, sizeof r->path);
}

vl_code vl_http_read(int connection, vl_request *request, vl_err *err)
{
    char text[LONGEST + 1];
    size_t n = 0;
    memset(request, 0, sizeof *request);
    for (text[0] = 0; !strstr(text, "\r\n\r\n");) {
        const ssize_t more = n < LONGEST ? recv(connection, text + n, LONGEST - n, 0) : 0;
        if (more < 0 && errno == EINTR) continue;
        if (more <= 0 || memchr(text + n, 0, (size_t)more))
            return vl_fail(err, VL_EFORMAT, "no request of HTTP came within %d bytes and %d s", LONGEST,
                           SECONDS);
        n += (size_t)more;
        text[n] = 0;
    }
    if (parse(request, text, strstr(text, "\r\n"))) return VL_OK;
    return vl_fail(err, VL_EFORMAT, "a request is not \"METHOD /path HTTP/1.1\", or too long");
}

vl_code vl_http_value(const vl_request *request, const char *name, char *value, size_t n, bool *there,
                      vl_err *err)
{
    const size_t len = strlen(name);
    *there = false;
    for (const char *p = request->query; *p;) {
        const size_t all = strcspn(p, "&");
        if (all > len && !strncmp(p, name, len) && p[len] == '=') {
            *there = decode(p + len + 1, p + all, true, value, n);
            return *there ? VL_OK
                          : vl_fail(err, VL_EARG, "%s has a value that is too long or cannot be", name);
        }
        p += all + (p[all] == '&');
    }
    return VL_OK;
}

/* ---- answers ---- */

static vl_code send_all(int connection, const void *bytes, size_t n, vl_err *err)
{
    for (const char *p = bytes; n;) {
        const ssize_t done = send(connection, p, n, MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0)
            return vl_fail_errno(err, errno == EPIPE || errno == ECONNRESET ? VL_ECLOSED : VL_EIO, errno,
                                 "cannot answer");
        p += done;
        n -= (size_t)done;
    }
    return VL_OK;
}

static const char *reason(int status)
{
    switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    default: return "Internal Server Error";
    }
}

vl_code vl_http_answer(int connection, int status, const char *type, const vl_buf *body, vl_err *err)
{
    char head[512];
    const int n = snprintf(head, sizeof head,
                           "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                           "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                           status, reason(status), type, body->len);
    return send_all(connection, head, (size_t)n, err) ? err->code
                                                      : send_all(connection, body->data, body->len, err);
}

vl_code vl_http_begin(int connection, const char *type, vl_err *err)
{
    char head[512];
    const int n = snprintf(head, sizeof head,
                           "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n"
                           "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                           type);
    return send_all(connection, head, (size_t)n, err);
}

vl_code vl_http_piece(int connection, const void *bytes, size_t n, vl_err *err)
{
    char size[32];
    if (!n) return VL_OK; /* it would be the end */
    const int len = snprintf(size, sizeof size, "%zx\r\n", n);
    if (send_all(connection, size, (size_t)len, err) || send_all(connection, bytes, n, err)) return err->code;
    return send_all(connection, "\r\n", 2, err);
}

vl_code vl_http_end(int connection, vl_err *err) { return send_all(connection, "0\r\n\r\n", 5, err); }
