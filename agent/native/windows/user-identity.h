// Who a process is for: its user's SID and its session; and what only that user may open.
#pragma once

#include <windows.h>

#include <memory>
#include <string>

namespace kortbro {

/** "S-1-5-21-..."; empty when it cannot be told. */
std::string TextOfSid(PSID sid);
/** The user of a process, by its token; empty when it cannot be told. */
std::string UserOfProcess(HANDLE process);

/** Security attributes from a descriptor's text (SDDL). */
class SecurityFromText {
 public:
  explicit SecurityFromText(const std::string& text);
  /** The user of this process and the system have everything; programs of a lower integrity can neither write nor read. */
  static SecurityFromText OwnUserOnly() { return SecurityFromText(OwnUserOnlyText()); }

  /** nullptr when the text could not be taken; nothing may be made then. */
  SECURITY_ATTRIBUTES* get() { return descriptor_ == nullptr ? nullptr : &attributes_; }
  PSECURITY_DESCRIPTOR descriptor() const { return descriptor_.get(); }

 private:
  static std::string OwnUserOnlyText();

  std::unique_ptr<void, decltype(&LocalFree)> descriptor_{nullptr, LocalFree};
  SECURITY_ATTRIBUTES attributes_{sizeof(SECURITY_ATTRIBUTES), nullptr, FALSE};
};

}  // namespace kortbro
