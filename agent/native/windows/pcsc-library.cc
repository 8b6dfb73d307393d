// Opens winscard.dll, whose W functions take names as UTF-16. In a remote session it is redirected as a whole by the system.
#include "../pcsc-library.h"

#include <algorithm>
#include <mutex>

#include "system-library.h"
#include "text.h"

namespace kortbro {

bool PcscLibrary::FindAll(void* library) {
  const auto winscard = static_cast<HMODULE>(library);
  return FindIn(winscard, "SCardEstablishContext", &EstablishContext) &&
         FindIn(winscard, "SCardReleaseContext", &ReleaseContext) &&
         FindIn(winscard, "SCardListReadersW", &list_readers_) &&
         FindIn(winscard, "SCardGetStatusChangeW", &get_status_change_) &&
         FindIn(winscard, "SCardCancel", &Cancel) && FindIn(winscard, "SCardConnectW", &connect_) &&
         FindIn(winscard, "SCardDisconnect", &Disconnect) &&
         FindIn(winscard, "SCardBeginTransaction", &BeginTransaction) &&
         FindIn(winscard, "SCardEndTransaction", &EndTransaction) && FindIn(winscard, "SCardTransmit", &Transmit) &&
         FindIn(winscard, "SCardAccessStartedEvent", &access_started_event_);
}

const PcscLibrary* PcscLibrary::Open() {
  // Never freed: threads of ours may still be inside the library when the process ends.
  static std::mutex* mutex = new std::mutex;
  static PcscLibrary* opened = nullptr;
  const std::lock_guard<std::mutex> guard(*mutex);
  if (opened != nullptr) return opened;
  PcscLibrary calls = {};
  if (!calls.FindAll(SystemLibrary(L"winscard.dll"))) return nullptr;
  opened = new PcscLibrary(calls);
  return opened;
}

HANDLE PcscLibrary::ServiceStarted() const {
  // One handle for the process; each call that succeeds counts it once more.
  static HANDLE event = nullptr;
  if (event == nullptr) event = access_started_event_();
  return event;
}

LONG PcscLibrary::ListReaders(SCARDCONTEXT context, std::vector<std::string>* names) const {
  for (int attempt = 0; attempt < 8; ++attempt) {
    DWORD length = 0;
    LONG code = list_readers_(context, nullptr, nullptr, &length);
    std::wstring list(length + 2, L'\0');
    if (code == SCARD_S_SUCCESS) code = list_readers_(context, nullptr, list.data(), &length);
    if (code == SCARD_E_INSUFFICIENT_BUFFER) continue;  // a reader came in between
    if (code == SCARD_E_NO_READERS_AVAILABLE) return SCARD_S_SUCCESS;
    if (code != SCARD_S_SUCCESS) return code;
    for (const wchar_t* name = list.c_str(); *name != L'\0'; name += wcslen(name) + 1) names->push_back(Utf8(name));
    return SCARD_S_SUCCESS;
  }
  return SCARD_E_INSUFFICIENT_BUFFER;
}

LONG PcscLibrary::GetStatusChange(SCARDCONTEXT context, DWORD milliseconds, std::vector<AwaitedReader>* readers) const {
  std::vector<std::wstring> names;
  for (const AwaitedReader& reader : *readers) names.push_back(Wide(reader.name));
  std::vector<SCARD_READERSTATEW> states(names.size());
  for (size_t i = 0; i < states.size(); ++i) {
    states[i].szReader = names[i].c_str();
    states[i].dwCurrentState = (*readers)[i].known;
  }
  const LONG code = get_status_change_(context, milliseconds, states.data(), static_cast<DWORD>(states.size()));
  if (code != SCARD_S_SUCCESS) return code;
  for (size_t i = 0; i < states.size(); ++i) {
    const size_t length = std::min(static_cast<size_t>(states[i].cbAtr), sizeof states[i].rgbAtr);
    (*readers)[i].state = states[i].dwEventState;
    (*readers)[i].atr.assign(states[i].rgbAtr, states[i].rgbAtr + length);
  }
  return code;
}

LONG PcscLibrary::Connect(SCARDCONTEXT context, const std::string& reader, DWORD protocols, SCARDHANDLE* card,
                          DWORD* protocol) const {
  return connect_(context, Wide(reader).c_str(), SCARD_SHARE_SHARED, protocols, card, protocol);
}

}  // namespace kortbro
