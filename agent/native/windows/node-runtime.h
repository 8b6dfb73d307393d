// What the running program's own libuv does for us. Descriptors belong to a C runtime, and ours is another than Node's.
#pragma once

#include <napi.h>

#include "handle.h"

namespace kortbro {

/** A file descriptor of Node's for the handle, which then belongs to it. Throws an Error with code EMFILE, ENOSYS. */
int NodeDescriptor(Napi::Env env, Handle handle);

}  // namespace kortbro
