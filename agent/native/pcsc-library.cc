// Opens libpcsclite.so.1. The only PC/SC file that a port to Windows (winscard.dll) has to change.
#include "pcsc-library.h"

#include <dlfcn.h>

#include <mutex>

namespace kortbro {
namespace {

template <typename Function>
bool Find(void* library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(library, name));
  return *function != nullptr;
}

bool FindAll(void* library, PcscLibrary* calls) {
  return Find(library, "SCardEstablishContext", &calls->EstablishContext) &&
         Find(library, "SCardReleaseContext", &calls->ReleaseContext) &&
         Find(library, "SCardListReaders", &calls->ListReaders) &&
         Find(library, "SCardGetStatusChange", &calls->GetStatusChange) &&
         Find(library, "SCardCancel", &calls->Cancel) && Find(library, "SCardConnect", &calls->Connect) &&
         Find(library, "SCardDisconnect", &calls->Disconnect) &&
         Find(library, "SCardBeginTransaction", &calls->BeginTransaction) &&
         Find(library, "SCardEndTransaction", &calls->EndTransaction) &&
         Find(library, "SCardTransmit", &calls->Transmit);
}

}  // namespace

const PcscLibrary* PcscLibrary::Open() {
  // Never freed: threads of ours may still be inside the library while the process runs its exit handlers.
  static std::mutex* mutex = new std::mutex;
  static PcscLibrary* opened = nullptr;
  const std::lock_guard<std::mutex> guard(*mutex);
  if (opened != nullptr) return opened;
  void* library = dlopen("libpcsclite.so.1", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) return nullptr;
  PcscLibrary calls = {};
  if (!FindAll(library, &calls)) {
    dlclose(library);
    return nullptr;
  }
  opened = new PcscLibrary(calls);
  return opened;
}

}  // namespace kortbro
