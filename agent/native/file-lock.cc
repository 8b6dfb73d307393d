// An exclusive flock on a file of our own that nobody else can open.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "concerns.h"
#include "system-error.h"

namespace kortbro {
namespace {

constexpr int kAttempts = 8;

/** 0, or the errno that says why the open file may not serve as a lock: others who can open it could hold the lock for us. */
int RefusalOf(const struct stat& file) {
  if (!S_ISREG(file.st_mode)) return EINVAL;
  if (file.st_uid != geteuid() || (file.st_mode & 077) != 0) return EPERM;
  return 0;
}

Napi::Value LockFile(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString()) throw Napi::TypeError::New(env, "a path is expected");
  const std::string path = info[0].As<Napi::String>().Utf8Value();
  if (path.find('\0') != std::string::npos) ThrowSystemError(env, "open", EINVAL);
  // A file that was removed or replaced between open and flock locks nothing that others will meet: open again.
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    if (fd < 0) ThrowSystemError(env, "open", errno);
    struct stat opened = {};
    int refusal = fstat(fd, &opened) == 0 ? RefusalOf(opened) : errno;
    if (refusal == 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) {
        close(fd);
        return env.Undefined();
      }
      refusal = errno;
    }
    if (refusal != 0) {
      close(fd);
      ThrowSystemError(env, "flock", refusal);
    }
    struct stat named = {};
    if (lstat(path.c_str(), &named) == 0 && named.st_dev == opened.st_dev && named.st_ino == opened.st_ino) {
      return Napi::Number::New(env, fd);
    }
    close(fd);
  }
  ThrowSystemError(env, "flock", EAGAIN);
}

void CloseFile(const Napi::CallbackInfo& info) {
  if (close(FileDescriptorArgument(info, 0)) != 0) ThrowSystemError(info.Env(), "close", errno);
}

}  // namespace

void ExportFileLock(Napi::Env env, Napi::Object exports) {
  exports.Set("lockFile", Napi::Function::New(env, LockFile));
  exports.Set("closeFile", Napi::Function::New(env, CloseFile));
}

}  // namespace kortbro
