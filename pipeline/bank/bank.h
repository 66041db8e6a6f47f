/*
 * A bank: the folder that holds sample stores, and its settings (bank.ini).
 *
 *     bank.ini  catalog.db  samples/<xx>/<SAMPLE>/  cohorts/  journal/  quarantine/<date>/  receipts/
 * reports/
 */
#ifndef VL_BANK_H
#define VL_BANK_H

#include "formats/err.h"
#include "pipeline/in/originals_when.h"
#include <stdbool.h>
#include <sys/types.h>

struct vl_limit; /* out/measure.h */

/* A folder that instruments or people drop files into. */
typedef struct vl_inbox {
    char *name;     /* of [inbox NAME] */
    char *path;     /* absolute, or relative to the bank */
    char *match;    /* glob on file names; NULL: every file of a known format */
    char *sheet;    /* glob of sheets dropped here; NULL: none */
    char *complete; /* name of the flag file that must exist; NULL: none */
    double settle;  /* s without change of size or time of a file before it is taken; 600 */
    char
        *sample; /* POSIX extended regular expression with one group on the file name; NULL: the usual rule */
    char *profile;   /* NULL: the bank's */
    bool join_lanes; /* lanes of a library are one acquisition */
    bool take_index; /* index reads are taken, as an acquisition of their own */
} vl_inbox;

typedef enum vl_log_to { VL_LOG_STDERR, VL_LOG_FILE, VL_LOG_SYSLOG, VL_LOG_OFF } vl_log_to;

typedef struct vl_bank {
    char *root;                  /* owned; absolute */
    char *name;                  /* [bank] name; the folder's name if left out */
    char *profile;               /* [bank] profile; "compact" */
    char *sites;                 /* [bank] sites: a list (io/sites.h), absolute; NULL: none */
    vl_originals_when originals; /* [bank] originals; off */
    bool shared;                 /* [bank] shared; if left out: may the root's group write? */
    int threads, jobs;           /* [batch]; 0: all cores; 0: as many as threads allow */
    uint64_t max_memory;         /* [batch] bytes for all items at once; 0: no limit */
    uint64_t reserve;            /* [batch] bytes of disk that stay free; 1 GiB */
    bool refuse_empty;           /* [batch] empty = accept | refuse: inputs without rows */
    double timeout;              /* [batch] s for one item; 0: none */
    double deadline;             /* [nightly] s after which no item is started; 0: none */
    double verify_days;          /* [nightly] every store is verified once in so many days; 30 */
    double keep_superseded_days; /* [tidy] 30 */
    double keep_quarantine_days; /* [tidy] 365 */
    vl_log_to log_to;            /* [log] to = file | syslog | stderr | off */
    bool log_json;               /* [log] format = text | json */
    char *metrics;               /* [metrics] file; NULL: reports/vial.prom */
    vl_inbox *inbox;             /* owned */
    int ninbox;
    struct vl_limit *limit; /* owned; [qc] */
    int nlimit;
} vl_bank;

/* Makes a new bank in a folder that does not exist or is empty. shared: its group writes it too. */
vl_code vl_bank_init(const char *path, bool shared, vl_err *err);
/* Opens a bank: reads bank.ini. path NULL: environment VIAL_BANK. */
vl_code vl_bank_open(vl_bank *bank, const char *path, vl_err *err);
void vl_bank_close(vl_bank *bank);

/* ---- places; each into text of VL_BANK_PATH bytes, VL_EARG when it does not fit ---- */
enum { VL_BANK_PATH = 4096 };
/* "<root>/<rest>" */
vl_code vl_bank_path(const vl_bank *bank, char text[VL_BANK_PATH], vl_err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* "<root>/samples/<xx>/<SAMPLE>": bytes other than A-Z a-z 0-9 . _ - are written %XX; xx is the first byte of
 * XXH3-64 of the id, in hex. */
vl_code vl_bank_sample_folder(const vl_bank *bank, const char *sample, char text[VL_BANK_PATH], vl_err *err);
/* "<root>/samples/<xx>/<SAMPLE>/<file>" */
vl_code vl_bank_store_path(const vl_bank *bank, const char *sample, const char *file, char text[VL_BANK_PATH],
                           vl_err *err);
/* The same escape for one part of a path. */
void vl_bank_escape(const char *name, char text[512]);
/* "%41" -> "A"; the name of a folder back to the id. */
void vl_bank_unescape(const char *name, char text[512]);
/* Makes a folder and its parents below the root, syncing the folders above. */
vl_code vl_bank_make_folder(const vl_bank *bank, const char *path, vl_err *err);

/* ---- who may read and write (access.c) ---- */
/* Before anything is written: this process writes for this bank, so its files get the modes of the bank. What
 * the umask was. */
mode_t vl_bank_settle_mask(const vl_bank *bank);
/* "tech and group lab", "tech alone", "everyone on this machine", by the mode of the root. */
void vl_bank_who(const vl_bank *bank, char readers[160], char writers[160]);
/* Can others than owner and group get in? */
bool vl_bank_is_open(const vl_bank *bank);
/* The error of a file or folder that cannot be made or written, by errno: VL_EPERM says who may; VL_EIO the
 * disk; VL_EEXIST. what: "cannot make the lock". */
vl_code vl_bank_cannot(const char *path, int errnum, const char *what, vl_err *err);
/* A file to flock, made if it is missing; -1 with errno. */
int vl_bank_open_lock(const char *path);

/* ---- locks: flock on a file that stays; the kernel lets go when the process dies ---- */
/* wait: s to wait; VL_EBUSY after that. *fd: to be closed by the caller; -1 on error. */
vl_code vl_bank_lock(const char *path, double wait, int *fd, vl_err *err);

/* ---- small things that every part of the bank needs ---- */
/* Writes a file whole: temporary name beside it, sync, rename, sync of the folder. */
vl_code vl_bank_write_file(const char *path, const void *bytes, size_t n, vl_err *err);
/* Bytes that may still be written without touching the reserve; 0 if none. */
vl_code vl_bank_room(const vl_bank *bank, uint64_t *bytes, vl_err *err);
/* Seconds since 1970; the environment VIAL_NOW (seconds) replaces the clock in tests. */
double vl_bank_now(void);
/* "2026-11-22T08:30:00Z" of s since 1970, into text of 32 bytes: for machines, always UTC. And "2026-11-22",
 * the day of people, by the time zone (TZ) in which vial runs. */
const char *vl_bank_time(double now, char text[32]);
const char *vl_bank_date(double now, char text[32]);

#endif
