/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "faulty_vfs.h"

#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

const char *const kt_faults[KT_FAULTS] = {
    [KT_FAULT_NONE] = "none", [KT_FAULT_KILL] = "kill", [KT_FAULT_TORN] = "torn",
    [KT_FAULT_FULL] = "full", [KT_FAULT_EIO] = "eio",   [KT_FAULT_ONCE] = "eio once"};

typedef struct {
  sqlite3_file base;
  sqlite3_file *real; /* behind it, in the same memory */
} File;

static sqlite3_vfs *real_vfs, own_vfs;
static KtFault fault;
static guint fault_at, count;

void kt_faulty_vfs_set(KtFault what, guint at)
{
  fault = what;
  fault_at = at;
  count = 0;
}

guint kt_faulty_vfs_count(void)
{
  return count;
}

/* The next operation: what becomes of it. */
static int next(int failed)
{
  count++;
  if (fault == KT_FAULT_NONE || count < fault_at || (count > fault_at && fault == KT_FAULT_ONCE))
    return SQLITE_OK;
  if (fault == KT_FAULT_KILL || fault == KT_FAULT_TORN)
    kill(getpid(), SIGKILL);
  return fault == KT_FAULT_FULL ? SQLITE_FULL : failed;
}

/* ---- files ---- */

static sqlite3_file *real(sqlite3_file *file)
{
  return ((File *)file)->real;
}

static int file_close(sqlite3_file *file)
{
  return real(file)->pMethods->xClose(real(file));
}

static int file_read(sqlite3_file *file, void *to, int length, sqlite3_int64 at)
{
  return real(file)->pMethods->xRead(real(file), to, length, at);
}

static int file_write(sqlite3_file *file, const void *from, int length, sqlite3_int64 at)
{
  if (fault == KT_FAULT_TORN && count + 1 == fault_at)
    real(file)->pMethods->xWrite(real(file), from, length / 2, at);
  int failed = next(SQLITE_IOERR_WRITE);
  return failed ? failed : real(file)->pMethods->xWrite(real(file), from, length, at);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 length)
{
  int failed = next(SQLITE_IOERR_TRUNCATE);
  return failed ? failed : real(file)->pMethods->xTruncate(real(file), length);
}

/* Only the process is killed here, not the machine: nothing needs to reach the disk. */
static int file_sync(sqlite3_file *file, int flags)
{
  return next(SQLITE_IOERR_FSYNC);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *length)
{
  return real(file)->pMethods->xFileSize(real(file), length);
}

static int file_lock(sqlite3_file *file, int lock)
{
  return real(file)->pMethods->xLock(real(file), lock);
}

static int file_unlock(sqlite3_file *file, int lock)
{
  return real(file)->pMethods->xUnlock(real(file), lock);
}

static int file_check_lock(sqlite3_file *file, int *taken)
{
  return real(file)->pMethods->xCheckReservedLock(real(file), taken);
}

static int file_control(sqlite3_file *file, int what, void *data)
{
  return real(file)->pMethods->xFileControl(real(file), what, data);
}

static int file_sector(sqlite3_file *file)
{
  return real(file)->pMethods->xSectorSize(real(file));
}

static int file_traits(sqlite3_file *file)
{
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
};

/* ---- the file system ---- */

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out)
{
  File *own = (File *)file;
  own->real = (sqlite3_file *)(own + 1);
  int failed = real_vfs->xOpen(real_vfs, name, own->real, flags, out);
  own->base.pMethods = own->real->pMethods ? &methods : NULL;
  return failed;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
  int failed = next(SQLITE_IOERR_DELETE);
  return failed ? failed : real_vfs->xDelete(real_vfs, name, 0);
}

void kt_faulty_vfs_start(void)
{
  real_vfs = sqlite3_vfs_find(NULL);
  own_vfs = *real_vfs;
  own_vfs.zName = "faulty";
  own_vfs.szOsFile = (int)sizeof(File) + real_vfs->szOsFile;
  own_vfs.xOpen = vfs_open;
  own_vfs.xDelete = vfs_delete;
  sqlite3_vfs_register(&own_vfs, 1);
}
