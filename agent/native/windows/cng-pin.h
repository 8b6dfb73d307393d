// A PIN on its way to a provider: in one page of our own, as UTF-16, out of the page file and of crash reports.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kortbro {

/** Holds the page from its making on and wipes it at its end, or before. One at a time in a process. */
class CngPin {
 public:
  /** The longest PIN that is taken. */
  static constexpr size_t kMaxLength = 127;

  /** Takes bytes from 0x20 to 0x7E; `held` says whether it could: not when another PIN is on its way, nor for other bytes. */
  CngPin(const uint8_t* bytes, size_t length);
  ~CngPin();
  CngPin(const CngPin&) = delete;
  CngPin& operator=(const CngPin&) = delete;

  bool held() const { return held_; }
  /** With its closing zero. */
  uint8_t* bytes() const;
  size_t byte_length() const { return (length_ + 1) * sizeof(wchar_t); }
  void Wipe();

 private:
  bool held_ = false;
  size_t length_ = 0;
};

}  // namespace kortbro
