// The PC/SC library, opened at run time. Everything else in this folder calls PC/SC through it and knows no operating system:
// names are UTF-8, whatever the library itself takes.
#pragma once

#ifdef _WIN32
#include <windows.h>
#endif
#include <winscard.h>

#include <cstdint>
#include <string>
#include <vector>

namespace kortbro {

/** Our own code beside the SCARD ones (customer bit): the library is not installed. The same in pcsc-error.ts. */
constexpr uint32_t kPcscLibraryMissing = 0xA0100001;

/** One entry of a wait: what is known of a reader before it, and what is afterwards. */
struct AwaitedReader {
  std::string name;
  DWORD known = SCARD_STATE_UNAWARE;
  DWORD state = SCARD_STATE_UNAWARE;
  std::vector<uint8_t> atr;
};

/** The calls that we use. SCardStatus is left out on purpose: in pcsc-lite 1.x it writes a table that the watch reads. */
class PcscLibrary {
 public:
  decltype(&SCardEstablishContext) EstablishContext;
  decltype(&SCardReleaseContext) ReleaseContext;
  decltype(&SCardCancel) Cancel;
  decltype(&SCardDisconnect) Disconnect;
  decltype(&SCardBeginTransaction) BeginTransaction;
  decltype(&SCardEndTransaction) EndTransaction;
  decltype(&SCardTransmit) Transmit;

  /** No reader at all is a success with an empty list. */
  LONG ListReaders(SCARDCONTEXT context, std::vector<std::string>* names) const;
  /** Fills in `state` and `atr` where it succeeds. */
  LONG GetStatusChange(SCARDCONTEXT context, DWORD milliseconds, std::vector<AwaitedReader>* readers) const;
  /** A shared connection. */
  LONG Connect(SCARDCONTEXT context, const std::string& reader, DWORD protocols, SCARDHANDLE* card,
               DWORD* protocol) const;

  /** The library, opened at the first call that finds it and kept for the life of the process; nullptr while it is missing. */
  static const PcscLibrary* Open();

#ifdef _WIN32
  /** An event that is set while the service runs, of the library's own; nullptr when there is none. */
  HANDLE ServiceStarted() const;
#endif

 private:
  bool FindAll(void* library);

  // With UNICODE defined winscard.h makes these the W functions.
  decltype(&SCardListReaders) list_readers_;
  decltype(&SCardGetStatusChange) get_status_change_;
  decltype(&SCardConnect) connect_;
#ifdef _WIN32
  decltype(&SCardAccessStartedEvent) access_started_event_;
#endif
};

/** An SCARD code as 32 bits: LONG is 64 bits wide in pcsc-lite and 32 in winscard. */
constexpr uint32_t PcscCode(LONG code) { return static_cast<uint32_t>(static_cast<unsigned long>(code) & 0xFFFFFFFFUL); }

}  // namespace kortbro
