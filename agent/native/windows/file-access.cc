// Who owns a file or folder and who may change it, from its access list. What an entry denies is not counted in anybody's favour.
#include <windows.h>
// After windows.h.
#include <aclapi.h>

#include <set>
#include <string>

#include "../concerns.h"
#include "handle.h"
#include "text.h"
#include "user-identity.h"
#include "windows-error.h"

namespace kortbro {
namespace {

/** Rights by which one can change what is read from a file, or who may. */
constexpr DWORD kTakesOver = DELETE | WRITE_DAC | WRITE_OWNER | GENERIC_WRITE | GENERIC_ALL;
constexpr DWORD kChangesFile = kTakesOver | FILE_WRITE_DATA | FILE_APPEND_DATA;
/**
 * Rights by which one can put another file into a folder or in the place of one that is there. To make folders is not among
 * them: everybody may, in the root of a Windows disk, and a new folder replaces nothing.
 */
constexpr DWORD kChangesFolder = kTakesOver | FILE_ADD_FILE | FILE_DELETE_CHILD;

constexpr char kEveryone[] = "S-1-1-0";

/** The SIDs of the entries that allow one of `rights`. No list at all: everyone has every right (NULL DACL). */
std::set<std::string> AllowedIn(PACL list, DWORD rights) {
  if (list == nullptr) return {kEveryone};
  std::set<std::string> allowed;
  for (DWORD i = 0; i < list->AceCount; ++i) {
    void* entry = nullptr;
    if (!GetAce(list, i, &entry)) return {kEveryone};
    const auto* header = static_cast<const ACE_HEADER*>(entry);
    if ((header->AceFlags & INHERIT_ONLY_ACE) != 0) continue;
    switch (header->AceType) {
      case ACCESS_ALLOWED_ACE_TYPE:
      case ACCESS_ALLOWED_CALLBACK_ACE_TYPE: break;
      // Not made for files: whatever it means, it is not what an administrator meant.
      case ACCESS_ALLOWED_OBJECT_ACE_TYPE:
      case ACCESS_ALLOWED_CALLBACK_OBJECT_ACE_TYPE: return {kEveryone};
      default: continue;
    }
    auto* ace = static_cast<ACCESS_ALLOWED_ACE*>(entry);
    if ((ace->Mask & rights) != 0) allowed.insert(TextOfSid(&ace->SidStart));
  }
  return allowed;
}

Napi::Value FileAccess(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::wstring path = TextArgument(info, 0);
  const DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  // The flag for backup opens folders too; a link is opened as itself, and refused.
  const Handle file(CreateFileW(path.c_str(), READ_CONTROL | FILE_READ_ATTRIBUTES, share, nullptr, OPEN_EXISTING,
                                FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, nullptr));
  if (!file) ThrowWindowsError(env, "CreateFile", GetLastError());
  FILE_ATTRIBUTE_TAG_INFO tag = {};
  if (!GetFileInformationByHandleEx(file.get(), FileAttributeTagInfo, &tag, sizeof tag)) {
    ThrowWindowsError(env, "GetFileInformationByHandleEx", GetLastError());
  }
  const bool reparse = (tag.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0;
  if (reparse && IsReparseTagNameSurrogate(tag.ReparseTag)) ThrowWindowsError(env, "CreateFile", ERROR_CANT_RESOLVE_FILENAME);
  const bool folder = (tag.FileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
  PSID owner = nullptr;
  PACL list = nullptr;
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  const DWORD parts = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
  const DWORD error =
      GetSecurityInfo(file.get(), SE_FILE_OBJECT, parts, &owner, nullptr, &list, nullptr, &descriptor);
  if (error != ERROR_SUCCESS) ThrowWindowsError(env, "GetSecurityInfo", error);
  const std::string owner_text = TextOfSid(owner);
  const std::set<std::string> writers = AllowedIn(list, folder ? kChangesFolder : kChangesFile);
  LocalFree(descriptor);
  Napi::Array names = Napi::Array::New(env, writers.size());
  uint32_t index = 0;
  for (const std::string& writer : writers) names.Set(index++, Napi::String::New(env, writer));
  Napi::Object access = Napi::Object::New(env);
  access.Set("owner", Napi::String::New(env, owner_text));
  access.Set("writers", names);
  return access;
}

}  // namespace

void ExportFileAccess(Napi::Env env, Napi::Object exports) {
  exports.Set("fileAccess", Napi::Function::New(env, FileAccess));
}

}  // namespace kortbro
