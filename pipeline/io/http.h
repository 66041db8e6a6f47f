/*
 * HTTP on this machine alone (RFC 9110, 9112): requests of one line and headers, answers of a body or of
 * chunks. Only 127.0.0.1 is listened on, and only programs of the same user are answered.
 */
#ifndef VL_HTTP_H
#define VL_HTTP_H

#include "formats/buf.h"

#include <stdbool.h>

typedef struct vl_request {
    char method[8];
    char path[1024];  /* with %XX as bytes */
    char query[2048]; /* behind '?', as it came */
} vl_request;

/* A socket that listens; port 0: any that is free, and *port becomes its number. VL_EIO. */
vl_code vl_http_listen(int *socket, int *port, vl_err *err);
/* The next connection; -1: none, errno says why. It is given up when nothing comes for a while. */
int vl_http_accept(int socket);
/* Whether who has connected is a process of this user, or of root. */
bool vl_http_same_user(int connection);

/* VL_EFORMAT: it is no request, or longer than any of ours. */
vl_code vl_http_read(int connection, vl_request *request, vl_err *err);
/* The value of a name in the query, %XX and + as bytes; *there false: there is none. VL_EARG: it has more
 * than n - 1 bytes, a byte 0, or a % of nothing. */
vl_code vl_http_value(const vl_request *request, const char *name, char *value, size_t n, bool *there,
                      vl_err *err);

/* A whole answer. VL_EIO, VL_ECLOSED. */
vl_code vl_http_answer(int connection, int status, const char *type, const vl_buf *body, vl_err *err);
/* An answer of unknown length: its beginning, pieces, and the end, without which it does not count. */
vl_code vl_http_begin(int connection, const char *type, vl_err *err);
vl_code vl_http_piece(int connection, const void *bytes, size_t n, vl_err *err);
vl_code vl_http_end(int connection, vl_err *err);

#endif
