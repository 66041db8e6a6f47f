/* Worker processes (worker.h). */
#include "pipeline/bank/intake/worker.h"

#include "pipeline/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

bool vl_worker_say(int fd, const char *text)
{
    vl_err err = VL_ERR_INIT;
    return !vl_write_all(fd, text, strlen(text), &err);
}

/* One message with a descriptor in it (man 3 cmsg). */
typedef union lent {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(int))];
} lent;

vl_code vl_worker_give(const vl_worker *w, const void *what, size_t n, int fd, vl_err *err)
{
    struct iovec bytes = { (void *)what, n };
    lent box = { .head = {
                     .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd) } };
    const struct msghdr message = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &box, .msg_controllen = sizeof box
    };
    memcpy(CMSG_DATA(&box.head), &fd, sizeof fd);
    ssize_t sent;
    while ((sent = sendmsg(w->fd, &message, MSG_NOSIGNAL)) < 0 && errno == EINTR) {
    }
    return sent == (ssize_t)n
               ? VL_OK
               : vl_fail_errno(err, VL_EBUSY, sent < 0 ? errno : EAGAIN, "cannot talk to a worker");
}

bool vl_worker_take(int fd, void *what, size_t n, int *lent_fd)
{
    struct iovec bytes = { what, n };
    lent box = { .head = { .cmsg_len = 0 } };
    struct msghdr message = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &box, .msg_controllen = sizeof box
    };
    ssize_t got;
    *lent_fd = -1;
    while ((got = recvmsg(fd, &message, MSG_WAITALL | MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
    }
    const struct cmsghdr *const head = CMSG_FIRSTHDR(&message);
    if (got > 0 && head && head->cmsg_type == SCM_RIGHTS) memcpy(lent_fd, CMSG_DATA(head), sizeof *lent_fd);
    return got == (ssize_t)n;
}

/* The supervisor decides what a signal to the whole group means; core dumps could hold people's data. */
static void settle_in(pid_t parent, uint64_t max_memory)
{
    const struct rlimit none = { 0, 0 }, data = { max_memory, max_memory };
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(EX_OSERR);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_IGN);
    setrlimit(RLIMIT_CORE, &none);
    if (max_memory) setrlimit(RLIMIT_DATA, &data);
}

vl_code vl_worker_start(vl_worker *w, int (*work)(void *argument, int fd), void *argument,
                        uint64_t max_memory, vl_err *err)
{
    int ends[2];
    const pid_t parent = getpid();
    w->said.len = 0;
    w->pid = 0;
    w->fd = -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        return vl_fail_errno(err, VL_ENOMEM, errno, "cannot make a way to talk to a worker");
    const pid_t pid = fork();
    if (pid < 0) {
        const int why = errno;
        close(ends[0]);
        close(ends[1]);
        return vl_fail_errno(err, VL_ENOMEM, why, "cannot start a process");
    }
    if (!pid) {
        close(ends[0]);
        settle_in(parent, max_memory);
        _exit(work(argument, ends[1]));
    }
    close(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    w->pid = pid;
    w->fd = ends[0];
    return VL_OK;
}

/* One read; 1: there was something, 0: nothing now, -1: the end. */
static int hear_once(vl_worker *w)
{
    enum { PIECE = 1 << 16, MOST = 1 << 28 };
    vl_err err = VL_ERR_INIT;
    if (w->said.len > MOST || vl_buf_grow(&w->said, PIECE + 1, &err)) return -1;
    const ssize_t n = read(w->fd, w->said.data + w->said.len, PIECE);
    if (n < 0) return errno == EINTR ? 1 : errno == EAGAIN ? 0 : -1;
    w->said.len += (size_t)n;
    return n ? 1 : -1;
}

bool vl_worker_hear(vl_worker *w)
{
    int more;
    while ((more = hear_once(w)) > 0) {
    }
    return more < 0;
}

int vl_worker_wait(vl_worker *w)
{
    int status = 0, more;
    fcntl(w->fd, F_SETFL, 0);
    while ((more = hear_once(w)) >= 0) {
    }
    close(w->fd);
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR) {
    }
    w->pid = 0;
    w->fd = -1;
    if (w->said.data) w->said.data[w->said.len] = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

vl_code vl_worker_code(int exit_code)
{
    switch (exit_code) {
    case EX_USAGE: return VL_EARG;
    case EX_DATAERR: return VL_ESTORE;
    case EX_NOINPUT: return VL_ENOIN;
    case EX_CANTCREAT: return VL_EEXIST;
    case EX_IOERR: return VL_EIO;
    case EX_NOPERM: return VL_EPERM;
    default: return VL_EBUSY;
    }
}

bool vl_worker_refused(int exit_code)
{
    return exit_code && exit_code < 128 && exit_code != EX_IOERR && exit_code != EX_OSERR &&
           exit_code != EX_SOFTWARE;
}

void vl_worker_kill(const vl_worker *w)
{
    if (w->pid > 0) kill(w->pid, SIGKILL);
}

void vl_worker_free(vl_worker *w)
{
    if (w->pid > 0) {
        vl_worker_kill(w);
        vl_worker_wait(w);
    }
    vl_buf_free(&w->said);
}
