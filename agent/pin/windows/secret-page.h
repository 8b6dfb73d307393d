// One page of memory for a secret: never in the page file, a crash report or a core dump, zeroed before it is given back.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kortbro {

/** Zeroes in a way that no compiler leaves out. */
void Wipe(void* memory, size_t length);

class SecretPage {
 public:
  /** Ends the program when there is no memory that can be kept so. */
  SecretPage();
  ~SecretPage();
  SecretPage(const SecretPage&) = delete;
  SecretPage& operator=(const SecretPage&) = delete;

  uint8_t* bytes() { return bytes_; }

  static constexpr size_t kSize = 4096;

 private:
  uint8_t* bytes_;
};

}  // namespace kortbro
