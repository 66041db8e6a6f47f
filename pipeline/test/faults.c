/*
 * A library to preload that makes one call of a program fail (faults.py).
 *
 * FAULT_KIND  which calls are counted, see below; FAULT_N: the n-th of them fails, from 1
 * FAULT_HOW   an error number, or "short" (half of the bytes), "kill" (kill -9 before the call, of the
 * process that calls and of the program's first one), "kill-self" (only of the one that calls), "wait" (until
 * the file FAULT_GATE is there, then the call is made) FAULT_TOLD  a file that is made when the n-th call has
 * come FAULT_COUNT a file that the end of the process makes so many bytes long as calls were counted
 * FAULT_SHARED a file that holds the count for all processes of the program together, else each counts its
 * own Counted are the calls between start and return of main. Allocations are counted when main's own program
 * makes them, HDF5 that is linked in apart (kind "alloc"), or whoever does ("alloc-any"); all others whoever
 * makes them.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pid_t program; /* the process that main ran in; its child does the work */

enum { SHORT = -1, KILL = -2, WAIT = -3, KILL_SELF = -4, NONE = 0 };

static const char *kind = "", *told, *gate;
static long number;
static int how;
static atomic_bool on;
static atomic_long own_count, *count = &own_count;
static uintptr_t first, behind; /* the program's own code and data */

/* Functions of HDF5 in the program, by address: what it makes of a failed allocation is not ours to mend. */
static struct code {
    uintptr_t at, behind;
} * guest;
static size_t nguest;

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static void make_file(const char *path)
{
    const long fd = syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY, 0666);
    if (fd >= 0) syscall(SYS_close, fd);
}

/* Calls of kind "change" leave something on the disk. */
static bool changes(const char *is)
{
    static const char *const names[] = { "write", "fsync", "rename", "ftruncate", "unlink", "mkdir", "link" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(is, names[i])) return true;
    return false;
}

/* What is to be done at this call of this kind: NONE, SHORT, or an error number. KILL and WAIT are done here.
 */
static int strike(const char *is)
{
    if (!atomic_load(&on)) return NONE;
    const bool any = !strcmp(kind, "any") && strncmp(is, "alloc", 5);
    if (!any && !(!strcmp(kind, "change") && changes(is)) && strcmp(kind, is)) return NONE;
    if (atomic_fetch_add(count, 1) + 1 != number) return NONE;
    if (told) make_file(told);
    if (how == KILL_SELF) syscall(SYS_kill, getpid(), SIGKILL);
    if (how == KILL) { /* parent and child, as when a machine stops */
        if (program != getpid()) syscall(SYS_kill, program, SIGKILL);
        syscall(SYS_kill, getpid(), SIGKILL);
    }
    if (how != WAIT) return how;
    while (syscall(SYS_faccessat, AT_FDCWD, gate, F_OK)) usleep(1000);
    return NONE;
}

static bool fails(const char *is)
{
    const int what = strike(is);
    if (what > 0) errno = what;
    return what > 0;
}

static void *next(const char *name) { return dlsym(RTLD_NEXT, name); }

#define NEXT(name) ((__typeof__(&name))next(#name))

/* ---- from main to its return ---- */

static int (*real_main)(int, char **, char **);

static int find_program(struct dl_phdr_info *info, size_t size, void *to)
{
    (void)size, (void)to;
    first = UINTPTR_MAX;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *const p = &info->dlpi_phdr[i];
        const uintptr_t at = info->dlpi_addr + p->p_vaddr;
        if (p->p_type != PT_LOAD) continue;
        if (at < first) first = at;
        if (at + p->p_memsz > behind) behind = at + p->p_memsz;
    }
    return 1; /* the first one is the program */
}

static int by_address(const void *a, const void *b)
{
    const struct code *const x = a, *const y = b;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* The functions named H5... in the table of symbols of an ELF file that lies in memory. */
static void find_guests(const uint8_t *file, uintptr_t base)
{
    const ElfW(Ehdr) *const head = (const void *)file;
    const ElfW(Shdr) *const section = (const void *)(file + head->e_shoff);
    for (int i = 0; i < head->e_shnum; i++) {
        if (section[i].sh_type != SHT_SYMTAB) continue;
        const ElfW(Sym) *const symbol = (const void *)(file + section[i].sh_offset);
        const char *const names = (const char *)file + section[section[i].sh_link].sh_offset;
        const size_t n = section[i].sh_size / sizeof *symbol;
        guest = __libc_malloc(n * sizeof *guest);
        for (size_t k = 0; guest && k < n; k++)
            if (!strncmp(names + symbol[k].st_name, "H5", 2) && symbol[k].st_size)
                guest[nguest++] =
                    (struct code){ base + symbol[k].st_value, base + symbol[k].st_value + symbol[k].st_size };
    }
    if (nguest) qsort(guest, nguest, sizeof *guest, by_address);
}

static void know_program(void)
{
    struct stat st;
    dl_iterate_phdr(find_program, NULL);
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/exe", O_RDONLY);
    if (fd < 0 || syscall(SYS_fstat, fd, &st)) return;
    void *const file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (file != MAP_FAILED) {
        find_guests(file, getauxval(AT_PHDR) - ((const ElfW(Ehdr) *)file)->e_phoff);
        munmap(file, (size_t)st.st_size);
    }
    syscall(SYS_close, fd);
}

static void share(const char *path)
{
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_RDWR, 0666);
    struct stat st;
    void *page = MAP_FAILED;
    if (fd >= 0 && !syscall(SYS_fstat, fd, &st) && (st.st_size >= 8 || !syscall(SYS_ftruncate, fd, 8)))
        page = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) _exit(99);
    count = page;
    syscall(SYS_close, fd);
}

static int counted_main(int argc, char **argv, char **env)
{
    static const struct {
        const char *name;
        int what;
    } ways[] = { { "ENOSPC", ENOSPC }, { "EIO", EIO },       { "EINTR", EINTR },        { "ENOMEM", ENOMEM },
                 { "EACCES", EACCES }, { "EMFILE", EMFILE }, { "EAGAIN", EAGAIN },      { "ENOLCK", ENOLCK },
                 { "EROFS", EROFS },   { "EDQUOT", EDQUOT }, { "EINVAL", EINVAL },      { "short", SHORT },
                 { "kill", KILL },     { "wait", WAIT },     { "kill-self", KILL_SELF } };
    program = getpid();
    know_program();
    if (getenv("FAULT_KIND")) kind = getenv("FAULT_KIND");
    if (getenv("FAULT_N")) number = atol(getenv("FAULT_N"));
    if (getenv("FAULT_SHARED")) share(getenv("FAULT_SHARED"));
    told = getenv("FAULT_TOLD");
    gate = getenv("FAULT_GATE");
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (getenv("FAULT_HOW") && !strcmp(getenv("FAULT_HOW"), ways[i].name)) how = ways[i].what;
    unsetenv("LD_PRELOAD");
    atomic_store(&on, true);
    return real_main(argc, argv, env);
}

/* The work is done in a child: of parent and child, the one that called more often says how often. */
__attribute__((destructor)) static void tell_count(void)
{
    const char *const path = getenv("FAULT_COUNT");
    struct stat had;
    if (!atomic_exchange(&on, false) || !path) return;
    make_file(path);
    if (stat(path, &had) || had.st_size >= atomic_load(count)) return;
    if (truncate(path, atomic_load(count))) _exit(99);
}

int __libc_start_main(int (*start)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end);
int __libc_start_main(int (*start)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
    int (*const real)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
                      void (*)(void), void *) = next("__libc_start_main");
    real_main = start;
    return real(counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}

/* ---- allocations ---- */

static bool is_guest(uintptr_t at)
{
    size_t lo = 0, hi = nguest;
    while (lo < hi) {
        const size_t half = lo + (hi - lo) / 2;
        if (guest[half].behind <= at) lo = half + 1;
        else hi = half;
    }
    return lo < nguest && at >= guest[lo].at;
}

static bool no_memory(void *caller)
{
    const uintptr_t at = (uintptr_t)caller;
    const bool own = at >= first && at < behind && !is_guest(at);
    const int saved = errno;
    if (fails("alloc-any") || (own && fails("alloc"))) return true;
    errno = saved;
    return false;
}

#define CALLER __builtin_extract_return_addr(__builtin_return_address(0))

void *malloc(size_t n) { return no_memory(CALLER) ? NULL : __libc_malloc(n); }
void *calloc(size_t n, size_t size) { return no_memory(CALLER) ? NULL : __libc_calloc(n, size); }
void *realloc(void *p, size_t n) { return no_memory(CALLER) ? NULL : __libc_realloc(p, n); }
void *aligned_alloc(size_t align, size_t n) { return no_memory(CALLER) ? NULL : __libc_memalign(align, n); }
void *memalign(size_t align, size_t n) { return no_memory(CALLER) ? NULL : __libc_memalign(align, n); }

int posix_memalign(void **p, size_t align, size_t n)
{
    if (no_memory(CALLER)) return ENOMEM;
    *p = __libc_memalign(align, n);
    return *p ? 0 : ENOMEM;
}

char *strdup(const char *text)
{
    if (no_memory(CALLER)) return NULL;
    const size_t n = strlen(text) + 1;
    char *const copy = __libc_malloc(n);
    return copy ? memcpy(copy, text, n) : NULL;
}

/* ---- input and output ---- */

/* Half of the bytes, when that is to be. False: the call fails. */
static bool length(const char *is, size_t *n)
{
    const int what = strike(is);
    if (what == SHORT && *n > 1) *n /= 2;
    if (what > 0) errno = what;
    return what <= 0;
}

ssize_t read(int fd, void *to, size_t n) { return length("read", &n) ? NEXT(read)(fd, to, n) : -1; }
ssize_t pread(int fd, void *to, size_t n, off_t at)
{
    return length("read", &n) ? NEXT(pread)(fd, to, n, at) : -1;
}
ssize_t pread64(int fd, void *to, size_t n, off64_t at)
{
    return length("read", &n) ? NEXT(pread64)(fd, to, n, at) : -1;
}
/* Kind "say": only what one process writes to another; else that is a write as any. */
static const char *kind_of_write(int fd)
{
    struct stat st;
    const bool told_another = !strcmp(kind, "say") && !NEXT(fstat)(fd, &st) && !S_ISREG(st.st_mode);
    return told_another && fd != STDOUT_FILENO && fd != STDERR_FILENO ? "say" : "write";
}

ssize_t write(int fd, const void *from, size_t n)
{
    return length(kind_of_write(fd), &n) ? NEXT(write)(fd, from, n) : -1;
}
ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{
    return length("write", &n) ? NEXT(pwrite)(fd, from, n, at) : -1;
}
ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at)
{
    return length("write", &n) ? NEXT(pwrite64)(fd, from, n, at) : -1;
}
ssize_t writev(int fd, const struct iovec *v, int n) { return fails("write") ? -1 : NEXT(writev)(fd, v, n); }
int fsync(int fd) { return fails("fsync") ? -1 : NEXT(fsync)(fd); }
int fdatasync(int fd) { return fails("fsync") ? -1 : NEXT(fdatasync)(fd); }
int rename(const char *a, const char *b) { return fails("rename") ? -1 : NEXT(rename)(a, b); }
int renameat(int da, const char *a, int db, const char *b)
{
    return fails("rename") ? -1 : NEXT(renameat)(da, a, db, b);
}
int renameat2(int da, const char *a, int db, const char *b, unsigned f)
{
    return fails("rename") ? -1 : NEXT(renameat2)(da, a, db, b, f);
}
int linkat(int da, const char *a, int db, const char *b, int f)
{
    return fails("link") ? -1 : NEXT(linkat)(da, a, db, b, f);
}
int link(const char *a, const char *b) { return fails("link") ? -1 : NEXT(link)(a, b); }
int mkdir(const char *path, mode_t mode) { return fails("mkdir") ? -1 : NEXT(mkdir)(path, mode); }
int flock(int fd, int how_to) { return fails("lock") ? -1 : NEXT(flock)(fd, how_to); }
int ftruncate(int fd, off_t n) { return fails("ftruncate") ? -1 : NEXT(ftruncate)(fd, n); }
int ftruncate64(int fd, off64_t n) { return fails("ftruncate") ? -1 : NEXT(ftruncate64)(fd, n); }
int unlink(const char *path) { return fails("unlink") ? -1 : NEXT(unlink)(path); }
int unlinkat(int dir, const char *path, int flags)
{
    return fails("unlink") ? -1 : NEXT(unlinkat)(dir, path, flags);
}
int fstat(int fd, struct stat *st) { return fails("stat") ? -1 : NEXT(fstat)(fd, st); }
int fstat64(int fd, struct stat64 *st) { return fails("stat") ? -1 : NEXT(fstat64)(fd, st); }

/* Closed it is in any case, as on Linux. */
int close(int fd)
{
    const bool bad = fails("close");
    const int errnum = errno, code = NEXT(close)(fd);
    if (bad) errno = errnum;
    return bad ? -1 : code;
}

int fcntl64(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *const arg = va_arg(args, void *);
    va_end(args);
    const bool lock = command == F_OFD_SETLK || command == F_SETLK;
    return lock && fails("lock") ? -1 : NEXT(fcntl64)(fd, command, arg);
}

static mode_t mode_of(int flags, va_list args)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

#define OPEN(name)                                                                                           \
    int name(const char *path, int flags, ...)                                                               \
    {                                                                                                        \
        va_list args;                                                                                        \
        va_start(args, flags);                                                                               \
        const mode_t mode = mode_of(flags, args);                                                            \
        va_end(args);                                                                                        \
        return fails("open") ? -1 : NEXT(name)(path, flags, mode);                                           \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                                         \
    int name(int dir, const char *path, int flags, ...)                                                      \
    {                                                                                                        \
        va_list args;                                                                                        \
        va_start(args, flags);                                                                               \
        const mode_t mode = mode_of(flags, args);                                                            \
        va_end(args);                                                                                        \
        return fails("open") ? -1 : NEXT(name)(dir, path, flags, mode);                                      \
    }
OPENAT(openat)
OPENAT(openat64)

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
    return fails("thread") ? EAGAIN : NEXT(pthread_create)(thread, attr, run, arg);
}
