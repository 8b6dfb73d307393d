// Opens libpcsclite.so.1. On Windows windows/pcsc-library.cc takes this file's place.
#include "pcsc-library.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <mutex>

namespace kortbro {
namespace {

template <typename Function>
bool Find(void* library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(library, name));
  return *function != nullptr;
}

}  // namespace

bool PcscLibrary::FindAll(void* library) {
  return Find(library, "SCardEstablishContext", &EstablishContext) &&
         Find(library, "SCardReleaseContext", &ReleaseContext) &&
         Find(library, "SCardListReaders", &list_readers_) &&
         Find(library, "SCardGetStatusChange", &get_status_change_) && Find(library, "SCardCancel", &Cancel) &&
         Find(library, "SCardConnect", &connect_) && Find(library, "SCardDisconnect", &Disconnect) &&
         Find(library, "SCardBeginTransaction", &BeginTransaction) &&
         Find(library, "SCardEndTransaction", &EndTransaction) && Find(library, "SCardTransmit", &Transmit);
}

const PcscLibrary* PcscLibrary::Open() {
  // Never freed: threads of ours may still be inside the library while the process runs its exit handlers.
  static std::mutex* mutex = new std::mutex;
  static PcscLibrary* opened = nullptr;
  const std::lock_guard<std::mutex> guard(*mutex);
  if (opened != nullptr) return opened;
  void* library = dlopen("libpcsclite.so.1", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) return nullptr;
  PcscLibrary calls = {};
  if (!calls.FindAll(library)) {
    dlclose(library);
    return nullptr;
  }
  opened = new PcscLibrary(calls);
  return opened;
}

LONG PcscLibrary::ListReaders(SCARDCONTEXT context, std::vector<std::string>* names) const {
  for (int attempt = 0; attempt < 8; ++attempt) {
    DWORD length = 0;
    LONG code = list_readers_(context, nullptr, nullptr, &length);
    std::vector<char> list(length + 2, '\0');
    if (code == SCARD_S_SUCCESS) code = list_readers_(context, nullptr, list.data(), &length);
    if (code == SCARD_E_INSUFFICIENT_BUFFER) continue;  // a reader came in between
    if (code == SCARD_E_NO_READERS_AVAILABLE) return SCARD_S_SUCCESS;
    if (code != SCARD_S_SUCCESS) return code;
    for (const char* name = list.data(); *name != '\0'; name += std::strlen(name) + 1) names->emplace_back(name);
    return SCARD_S_SUCCESS;
  }
  return SCARD_E_INSUFFICIENT_BUFFER;
}

LONG PcscLibrary::GetStatusChange(SCARDCONTEXT context, DWORD milliseconds, std::vector<AwaitedReader>* readers) const {
  std::vector<SCARD_READERSTATE> states(readers->size());
  for (size_t i = 0; i < states.size(); ++i) {
    states[i].szReader = (*readers)[i].name.c_str();
    states[i].dwCurrentState = (*readers)[i].known;
  }
  const LONG code = get_status_change_(context, milliseconds, states.data(), static_cast<DWORD>(states.size()));
  if (code != SCARD_S_SUCCESS) return code;
  for (size_t i = 0; i < states.size(); ++i) {
    const size_t length = std::min(static_cast<size_t>(states[i].cbAtr), sizeof states[i].rgbAtr);
    (*readers)[i].state = states[i].dwEventState & 0xFFFFFFFFUL;
    (*readers)[i].atr.assign(states[i].rgbAtr, states[i].rgbAtr + length);
  }
  return code;
}

LONG PcscLibrary::Connect(SCARDCONTEXT context, const std::string& reader, DWORD protocols, SCARDHANDLE* card,
                          DWORD* protocol) const {
  return connect_(context, reader.c_str(), SCARD_SHARE_SHARED, protocols, card, protocol);
}

}  // namespace kortbro
