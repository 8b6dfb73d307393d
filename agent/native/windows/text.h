// UTF-16, as Windows wants it, from and to UTF-8 and JavaScript.
#pragma once

#include <napi.h>
#include <windows.h>

#include <string>
#include <string_view>

namespace kortbro {

inline std::wstring Wide(std::string_view utf8) {
  const int length = static_cast<int>(utf8.size());
  std::wstring wide(static_cast<size_t>(MultiByteToWideChar(CP_UTF8, 0, utf8.data(), length, nullptr, 0)), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, utf8.data(), length, wide.data(), static_cast<int>(wide.size()));
  return wide;
}

inline std::string Utf8(std::wstring_view wide) {
  const int length = static_cast<int>(wide.size());
  const int size = WideCharToMultiByte(CP_UTF8, 0, wide.data(), length, nullptr, 0, nullptr, nullptr);
  std::string utf8(static_cast<size_t>(size), '\0');
  WideCharToMultiByte(CP_UTF8, 0, wide.data(), length, utf8.data(), size, nullptr, nullptr);
  return utf8;
}

/** The text as it is, lone surrogates and all: names in the registry are not always well formed. */
inline napi_value ToJavaScript(Napi::Env env, std::wstring_view wide) {
  napi_value text = nullptr;
  const auto* units = reinterpret_cast<const char16_t*>(wide.data());
  if (napi_create_string_utf16(env, units, wide.size(), &text) != napi_ok) throw Napi::Error::New(env);
  return text;
}

/** Throws TypeError for anything but a string without NUL: a path that ends before its end names another file. */
inline std::wstring TextArgument(const Napi::CallbackInfo& info, size_t index) {
  if (info[index].IsString()) {
    const std::u16string text = info[index].As<Napi::String>().Utf16Value();
    if (text.find(u'\0') == std::u16string::npos) return std::wstring(text.begin(), text.end());
  }
  throw Napi::TypeError::New(info.Env(), "a text without NUL is expected");
}

}  // namespace kortbro
