// Users and sessions by their numbers: names can be renamed and need a domain controller to be looked up.
#include "user-identity.h"

#include <napi.h>
#include <sddl.h>

#include <vector>

#include "../concerns.h"
#include "handle.h"
#include "text.h"
#include "windows-error.h"

namespace kortbro {

std::string TextOfSid(PSID sid) {
  wchar_t* text = nullptr;
  if (sid == nullptr || !IsValidSid(sid) || !ConvertSidToStringSidW(sid, &text)) return "";
  std::string utf8 = Utf8(text);
  LocalFree(text);
  return utf8;
}

std::string UserOfProcess(HANDLE process) {
  HANDLE opened = nullptr;
  if (!OpenProcessToken(process, TOKEN_QUERY, &opened)) return "";
  const Handle token(opened);
  DWORD length = 0;
  GetTokenInformation(token.get(), TokenUser, nullptr, 0, &length);
  std::vector<uint8_t> user(length);
  if (length == 0 || !GetTokenInformation(token.get(), TokenUser, user.data(), length, &length)) return "";
  return TextOfSid(reinterpret_cast<TOKEN_USER*>(user.data())->User.Sid);
}

SecurityFromText::SecurityFromText(const std::string& text) {
  PSECURITY_DESCRIPTOR made = nullptr;
  const auto convert = ConvertStringSecurityDescriptorToSecurityDescriptorW;
  if (text.empty() || !convert(Wide(text).c_str(), SDDL_REVISION_1, &made, nullptr)) return;
  descriptor_.reset(made);
  attributes_.lpSecurityDescriptor = made;
}

std::string SecurityFromText::OwnUserOnlyText() {
  const std::string user = UserOfProcess(GetCurrentProcess());
  return user.empty() ? "" : "O:" + user + "D:P(A;;GA;;;" + user + ")(A;;GA;;;SY)S:(ML;;NWNR;;;ME)";
}

namespace {

Napi::Value OwnIdentity(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string user = UserOfProcess(GetCurrentProcess());
  if (user.empty()) ThrowWindowsError(env, "OpenProcessToken", GetLastError());
  DWORD session = 0;
  if (!ProcessIdToSessionId(GetCurrentProcessId(), &session)) {
    ThrowWindowsError(env, "ProcessIdToSessionId", GetLastError());
  }
  Napi::Object identity = Napi::Object::New(env);
  identity.Set("user", Napi::String::New(env, user));
  identity.Set("session", Napi::Number::New(env, session));
  return identity;
}

}  // namespace

void ExportUserIdentity(Napi::Env env, Napi::Object exports) {
  exports.Set("ownIdentity", Napi::Function::New(env, OwnIdentity));
}

}  // namespace kortbro
