// Overwriting a secret for certain, and keeping its pages out of swap and core dumps.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#include "concerns.h"
#include "wipe.h"

namespace kortbro {
namespace {

struct Bytes {
  uint8_t* start;
  size_t length;
};

Bytes BytesArgument(const Napi::CallbackInfo& info) {
  if (!info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throw Napi::TypeError::New(info.Env(), "a Uint8Array is expected");
  }
  Napi::Uint8Array array = info[0].As<Napi::Uint8Array>();
  return {array.Data(), array.ByteLength()};
}

/** The whole pages that hold the bytes; madvise wants its start on a page. */
Bytes PagesOf(const Bytes& bytes) {
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t start = reinterpret_cast<uintptr_t>(bytes.start) & ~(page - 1);
  const uintptr_t end = (reinterpret_cast<uintptr_t>(bytes.start) + bytes.length + page - 1) & ~(page - 1);
  return {reinterpret_cast<uint8_t*>(start), end - start};
}

void Zero(const Napi::CallbackInfo& info) {
  const Bytes bytes = BytesArgument(info);
  Wipe(bytes.start, bytes.length);
}

Napi::Value LockMemory(const Napi::CallbackInfo& info) {
  const Bytes bytes = BytesArgument(info);
  if (bytes.length == 0) return Napi::Boolean::New(info.Env(), true);
  const Bytes pages = PagesOf(bytes);
  const bool locked = mlock(pages.start, pages.length) == 0;
  const bool undumped = madvise(pages.start, pages.length, MADV_DONTDUMP) == 0;
  return Napi::Boolean::New(info.Env(), locked && undumped);
}

void UnlockMemory(const Napi::CallbackInfo& info) {
  const Bytes bytes = BytesArgument(info);
  if (bytes.length == 0) return;
  const Bytes pages = PagesOf(bytes);
  munlock(pages.start, pages.length);
  madvise(pages.start, pages.length, MADV_DODUMP);
}

}  // namespace

void ExportSecretMemory(Napi::Env env, Napi::Object exports) {
  exports.Set("zero", Napi::Function::New(env, Zero));
  exports.Set("lockMemory", Napi::Function::New(env, LockMemory));
  exports.Set("unlockMemory", Napi::Function::New(env, UnlockMemory));
}

}  // namespace kortbro
