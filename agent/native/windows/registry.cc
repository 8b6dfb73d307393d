// One key of the registry, read whole: its values as they are, and the names of its subkeys.
#include <windows.h>

#include <string>
#include <vector>

#include "../concerns.h"
#include "registry-key.h"
#include "text.h"
#include "windows-error.h"

namespace kortbro {
namespace {

/** More than any policy of ours has; a key beyond them is not one that an administrator wrote by hand or by group policy. */
constexpr DWORD kMaxValues = 1024;
constexpr DWORD kMaxSubkeys = 1024;
constexpr DWORD kMaxValueBytes = 1024 * 1024;
/** A name of a value has 16383 characters at most, a subkey's 255 (Registry element size limits). */
constexpr DWORD kMaxNameLength = 16384;

/** Own and enumerable whatever the name: a value called "__proto__" is a value. */
void Define(Napi::Env env, napi_value object, std::wstring_view name, napi_value value) {
  napi_property_descriptor property = {};
  property.name = ToJavaScript(env, name);
  property.value = value;
  property.attributes = static_cast<napi_property_attributes>(napi_writable | napi_enumerable | napi_configurable);
  if (napi_define_properties(env, object, 1, &property) != napi_ok) throw Napi::Error::New(env);
}

Napi::Object ReadValues(Napi::Env env, HKEY key) {
  Napi::Object values = Napi::Object::New(env);
  std::vector<wchar_t> name(kMaxNameLength);
  std::vector<uint8_t> bytes(4096);
  for (DWORD index = 0;;) {
    DWORD name_length = kMaxNameLength;
    DWORD type = 0;
    DWORD length = static_cast<DWORD>(bytes.size());
    const LONG error = RegEnumValueW(key, index, name.data(), &name_length, nullptr, &type, bytes.data(), &length);
    if (error == ERROR_NO_MORE_ITEMS) return values;
    if (error == ERROR_MORE_DATA && length > bytes.size() && length <= kMaxValueBytes) {
      bytes.resize(length);
      continue;
    }
    if (error != ERROR_SUCCESS) ThrowWindowsError(env, "RegEnumValue", static_cast<DWORD>(error));
    if (++index > kMaxValues) ThrowWindowsError(env, "RegEnumValue", ERROR_MORE_DATA);
    Napi::Uint8Array data = Napi::Uint8Array::New(env, length);
    if (length > 0) memcpy(data.Data(), bytes.data(), length);
    Napi::Object value = Napi::Object::New(env);
    value.Set("type", Napi::Number::New(env, type));
    value.Set("data", data);
    Define(env, values, {name.data(), name_length}, value);
  }
}

Napi::Array ReadSubkeys(Napi::Env env, HKEY key) {
  Napi::Array subkeys = Napi::Array::New(env);
  wchar_t name[256] = {};
  for (DWORD index = 0;; ++index) {
    DWORD length = 256;
    const LONG error = RegEnumKeyExW(key, index, name, &length, nullptr, nullptr, nullptr, nullptr);
    if (error == ERROR_NO_MORE_ITEMS) return subkeys;
    if (error != ERROR_SUCCESS) ThrowWindowsError(env, "RegEnumKeyEx", static_cast<DWORD>(error));
    if (index >= kMaxSubkeys) ThrowWindowsError(env, "RegEnumKeyEx", ERROR_MORE_DATA);
    subkeys.Set(index, ToJavaScript(env, {name, length}));
  }
}

/** (path, "HKLM" or "HKCU", 64 or 32) -> { values, subkeys }; undefined when there is no such key. */
Napi::Value ReadRegistry(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  RegistryKey key;
  HKEY root = TextArgument(info, 1) == L"HKCU" ? HKEY_CURRENT_USER : HKEY_LOCAL_MACHINE;
  const REGSAM view = info[2].ToNumber().Int32Value() == 32 ? KEY_WOW64_32KEY : KEY_WOW64_64KEY;
  const LONG error = key.Open(TextArgument(info, 0), KEY_READ, root, view);
  if (error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND) return env.Undefined();
  if (error != ERROR_SUCCESS) ThrowWindowsError(env, "RegOpenKeyEx", static_cast<DWORD>(error));
  Napi::Object read = Napi::Object::New(env);
  read.Set("values", ReadValues(env, key.get()));
  read.Set("subkeys", ReadSubkeys(env, key.get()));
  return read;
}

}  // namespace

void ExportRegistry(Napi::Env env, Napi::Object exports) {
  exports.Set("readRegistry", Napi::Function::New(env, ReadRegistry));
}

}  // namespace kortbro
