/*
 * Who may read and write a bank (bank.h): the one place that decides on modes, and that says who may when we
 * may not.
 *
 * A shared bank belongs to a group: its folders are 2770, its files 0660, whatever the umask of who runs
 * vial. Any other is its owner's: folders at most 0750, files at most 0640. Both are done by the process's
 * own umask, set before anything is written, so that stores, SQLite's files and locks have their mode from
 * the first moment; the set-gid bit is handed on by the folder above.
 */
#include "pipeline/bank/bank.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

mode_t vl_bank_settle_mask(const vl_bank *bank)
{
    const mode_t given = umask(077);
    umask(bank->shared ? 007 : given | 027);
    return given;
}

/* ---- names of people ---- */

static void name_user(uid_t id, char text[64])
{
    const struct passwd *const user = getpwuid(id);
    if (user) snprintf(text, 64, "%.60s", user->pw_name);
    else snprintf(text, 64, "user %u", (unsigned)id);
}

static void name_group(gid_t id, char text[64])
{
    const struct group *const group = getgrgid(id);
    if (group) snprintf(text, 64, "group %.50s", group->gr_name);
    else snprintf(text, 64, "group %u", (unsigned)id);
}

/* bits: S_IRGRP | S_IROTH, or those for writing. */
static void name_all(const struct stat *st, mode_t bits, char text[160])
{
    char user[64], group[64];
    name_user(st->st_uid, user);
    name_group(st->st_gid, group);
    if (st->st_mode & bits & (S_IROTH | S_IWOTH)) snprintf(text, 160, "everyone on this machine");
    else if (st->st_mode & bits) snprintf(text, 160, "%s and %s", user, group);
    else snprintf(text, 160, "%s alone", user);
}

void vl_bank_who(const vl_bank *bank, char readers[160], char writers[160])
{
    struct stat st = { 0 };
    stat(bank->root, &st);
    name_all(&st, S_IRGRP | S_IROTH, readers);
    name_all(&st, S_IWGRP | S_IWOTH, writers);
}

bool vl_bank_is_open(const vl_bank *bank)
{
    struct stat st;
    return !stat(bank->root, &st) && (st.st_mode & S_IRWXO);
}

/* ---- what cannot be done ---- */

/* Whom to ask: what stands at path if that is what keeps us out, else the nearest folder that can be seen. */
static void find_owner(const char *path, struct stat *st)
{
    char part[VL_BANK_PATH];
    snprintf(part, sizeof part, "%s", path);
    if (!stat(part, st) && faccessat(AT_FDCWD, part, W_OK, AT_EACCESS)) return;
    do {
        char *const slash = strrchr(part, '/');
        if (slash == part || !slash) snprintf(part, sizeof part, "%s", slash ? "/" : ".");
        else *slash = 0;
    } while (stat(part, st) && part[1]);
}

vl_code vl_bank_cannot(const char *path, int errnum, const char *what, vl_err *err)
{
    char who[160];
    struct stat st = { 0 };
    if (errnum == EACCES || errnum == EPERM) {
        find_owner(path, &st);
        name_all(&st, S_IWGRP | S_IWOTH, who);
        vl_fail(err, VL_EPERM, "%s: no permission: %s may write here", what, who);
    } else if (errnum == EROFS) {
        vl_fail(err, VL_EPERM, "%s: the file system is mounted read-only", what);
    } else {
        const bool disk = errnum == ENOSPC || errnum == EDQUOT || errnum == EIO;
        vl_fail_errno(err, disk ? VL_EIO : VL_EEXIST, errnum, "%s", what);
    }
    return vl_err_file(err, path);
}

/* A lock that another of the group made when vial left modes to the umask can be had for reading, which is
 * enough for flock. Who may not write beside it has no business with it. */
int vl_bank_open_lock(const char *path)
{
    enum { HOW = O_CLOEXEC | O_NOFOLLOW };
    char folder[VL_BANK_PATH];
    const int fd = open(path, O_RDWR | O_CREAT | HOW, 0666);
    if (fd >= 0 || errno != EACCES) return fd;
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    return faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS) ? -1 : open(path, O_RDONLY | HOW);
}
