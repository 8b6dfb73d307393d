// The PC/SC library, opened at run time. Everything else in this folder calls PC/SC through it and knows no operating system.
#pragma once

#include <winscard.h>

#include <cstdint>

namespace kortbro {

/** Our own code beside the SCARD ones (customer bit): the library is not installed. The same in pcsc-error.ts. */
constexpr uint32_t kPcscLibraryMissing = 0xA0100001;

/** The calls that we use. SCardStatus is left out on purpose: in pcsc-lite 1.x it writes a table that the watch reads. */
struct PcscLibrary {
  decltype(&SCardEstablishContext) EstablishContext;
  decltype(&SCardReleaseContext) ReleaseContext;
  decltype(&SCardListReaders) ListReaders;
  decltype(&SCardGetStatusChange) GetStatusChange;
  decltype(&SCardCancel) Cancel;
  decltype(&SCardConnect) Connect;
  decltype(&SCardDisconnect) Disconnect;
  decltype(&SCardBeginTransaction) BeginTransaction;
  decltype(&SCardEndTransaction) EndTransaction;
  decltype(&SCardTransmit) Transmit;

  /** The library, opened at the first call that finds it and kept for the life of the process; nullptr while it is missing. */
  static const PcscLibrary* Open();
};

/** An SCARD code as 32 bits: LONG is 64 bits wide in pcsc-lite and 32 in winscard. */
constexpr uint32_t PcscCode(LONG code) { return static_cast<uint32_t>(static_cast<unsigned long>(code) & 0xFFFFFFFFUL); }

}  // namespace kortbro
