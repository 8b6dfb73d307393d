// Names for the errors that our own system calls can give; glibc's strerrorname_np is too new for some distributions.
#include "system-error.h"

#include <cerrno>
#include <cstring>
#include <string>

namespace kortbro {
namespace {

std::string NameOf(int number) {
  switch (number) {
    case EACCES: return "EACCES";
    case EAFNOSUPPORT: return "EAFNOSUPPORT";
    case EAGAIN: return "EAGAIN";
    case EBADF: return "EBADF";
    case EINVAL: return "EINVAL";
    case EIO: return "EIO";
    case EISDIR: return "EISDIR";
    case ELOOP: return "ELOOP";
    case EMFILE: return "EMFILE";
    case ENAMETOOLONG: return "ENAMETOOLONG";
    case ENFILE: return "ENFILE";
    case ENODEV: return "ENODEV";
    case ENOENT: return "ENOENT";
    case ENOLCK: return "ENOLCK";
    case ENOMEM: return "ENOMEM";
    case ENOSPC: return "ENOSPC";
    case ENOTCONN: return "ENOTCONN";
    case ENOTDIR: return "ENOTDIR";
    case ENOTSOCK: return "ENOTSOCK";
    case ENXIO: return "ENXIO";
    case EPERM: return "EPERM";
    case EROFS: return "EROFS";
    default: return "E" + std::to_string(number);
  }
}

}  // namespace

void ThrowSystemError(Napi::Env env, const char* syscall, int number) {
  const std::string code = NameOf(number);
  Napi::Error error = Napi::Error::New(env, code + ": " + std::strerror(number) + ", " + syscall);
  error.Set("code", Napi::String::New(env, code));
  error.Set("errno", Napi::Number::New(env, number));
  error.Set("syscall", Napi::String::New(env, syscall));
  throw error;
}

int FileDescriptorArgument(const Napi::CallbackInfo& info, size_t index) {
  const double number = info[index].IsNumber() ? info[index].As<Napi::Number>().DoubleValue() : -1;
  const int fd = number >= 0 && number <= 0x7fffffff ? static_cast<int>(number) : -1;
  if (fd < 0 || fd != number) throw Napi::TypeError::New(info.Env(), "a file descriptor is expected");
  return fd;
}

}  // namespace kortbro
