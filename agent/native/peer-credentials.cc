// The peer of a Unix socket as the kernel recorded it at connect.
#include <sys/socket.h>

#include <cerrno>

#include "concerns.h"
#include "system-error.h"

namespace kortbro {
namespace {

Napi::Value PeerCredentials(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int fd = FileDescriptorArgument(info, 0);
  // A TCP socket answers SO_PEERCRED too, with nobody (uid -1): refuse what is not a Unix socket before asking.
  int domain = 0;
  socklen_t length = sizeof domain;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) != 0) ThrowSystemError(env, "getsockopt", errno);
  if (domain != AF_UNIX) ThrowSystemError(env, "getsockopt", EAFNOSUPPORT);
  ucred peer = {};
  length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) ThrowSystemError(env, "getsockopt", errno);
  if (peer.uid == static_cast<uid_t>(-1)) ThrowSystemError(env, "getsockopt", ENOTCONN);
  Napi::Object credentials = Napi::Object::New(env);
  credentials.Set("pid", Napi::Number::New(env, peer.pid));
  credentials.Set("uid", Napi::Number::New(env, peer.uid));
  credentials.Set("gid", Napi::Number::New(env, peer.gid));
  return credentials;
}

}  // namespace

void ExportPeerCredentials(Napi::Env env, Napi::Object exports) {
  exports.Set("peerCredentials", Napi::Function::New(env, PeerCredentials));
}

}  // namespace kortbro
