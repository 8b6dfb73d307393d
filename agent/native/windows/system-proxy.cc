// The proxy that the user's own settings name for an address, as WinHTTP finds it: a script, automatic detection, or by hand.
// What comes back is text in WinHTTP's forms; system-proxy.ts reads it.
#include <windows.h>
// After windows.h.
#include <winhttp.h>

#include <memory>
#include <string>

#include "../concerns.h"
#include "system-library.h"
#include "text.h"

namespace kortbro {
namespace {

/** A script is fetched and run meanwhile; a worker thread waits for it. */
constexpr int kStepMilliseconds = 5000;

struct WinHttp {
  decltype(&WinHttpGetIEProxyConfigForCurrentUser) GetSettings;
  decltype(&WinHttpOpen) Open;
  decltype(&WinHttpSetTimeouts) SetTimeouts;
  decltype(&WinHttpGetProxyForUrl) GetProxyForUrl;
  decltype(&WinHttpCloseHandle) Close;

  bool Find() {
    const HMODULE library = SystemLibrary(L"winhttp.dll");
    return FindIn(library, "WinHttpGetIEProxyConfigForCurrentUser", &GetSettings) &&
           FindIn(library, "WinHttpOpen", &Open) && FindIn(library, "WinHttpSetTimeouts", &SetTimeouts) &&
           FindIn(library, "WinHttpGetProxyForUrl", &GetProxyForUrl) &&
           FindIn(library, "WinHttpCloseHandle", &Close);
  }
};

/** Text that WinHTTP allocated. */
std::wstring Take(wchar_t* text) {
  std::wstring taken = text == nullptr ? L"" : text;
  if (text != nullptr) GlobalFree(text);
  return taken;
}

struct ProxySettings {
  std::wstring proxies;
  std::wstring bypass;
};

class ProxyQuestion final : public Napi::AsyncWorker {
 public:
  ProxyQuestion(Napi::Env env, std::wstring url)
      : Napi::AsyncWorker(env, "kortbro:proxy"), url_(std::move(url)), deferred_(env) {}
  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    WinHttp http = {};
    WINHTTP_CURRENT_USER_IE_PROXY_CONFIG settings = {};
    if (!http.Find() || !http.GetSettings(&settings)) return;  // the user has none
    const std::wstring script = Take(settings.lpszAutoConfigUrl);
    by_hand_.proxies = Take(settings.lpszProxy);
    by_hand_.bypass = Take(settings.lpszProxyBypass);
    // As browsers do it: what is found automatically holds, and what is written by hand where nothing is found.
    if ((settings.fAutoDetect || !script.empty()) && AskAutomatic(http, settings.fAutoDetect != FALSE, script)) return;
    answer_ = by_hand_;
  }

  void OnOK() override {
    Napi::Object answer = Napi::Object::New(Env());
    answer.Set("proxies", Napi::Value(Env(), ToJavaScript(Env(), answer_.proxies)));
    answer.Set("bypass", Napi::Value(Env(), ToJavaScript(Env(), answer_.bypass)));
    deferred_.Resolve(answer);
  }

  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  bool AskAutomatic(const WinHttp& http, bool detect, const std::wstring& script) {
    const HINTERNET session = http.Open(L"Kortbro", WINHTTP_ACCESS_TYPE_NO_PROXY, nullptr, nullptr, 0);
    if (session == nullptr) return false;
    http.SetTimeouts(session, kStepMilliseconds, kStepMilliseconds, kStepMilliseconds, kStepMilliseconds);
    WINHTTP_AUTOPROXY_OPTIONS options = {};
    if (detect) {
      options.dwFlags |= WINHTTP_AUTOPROXY_AUTO_DETECT;
      options.dwAutoDetectFlags = WINHTTP_AUTO_DETECT_TYPE_DHCP | WINHTTP_AUTO_DETECT_TYPE_DNS_A;
    }
    if (!script.empty()) {
      options.dwFlags |= WINHTTP_AUTOPROXY_CONFIG_URL;
      options.lpszAutoConfigUrl = script.c_str();
    }
    WINHTTP_PROXY_INFO found = {};
    bool answered = http.GetProxyForUrl(session, url_.c_str(), &options, &found) != FALSE;
    if (!answered && GetLastError() == ERROR_WINHTTP_LOGIN_FAILURE) {
      // The script's server wants to know who asks; this way is slower, and so the second one (WINHTTP_AUTOPROXY_OPTIONS).
      options.fAutoLogonIfChallenged = TRUE;
      answered = http.GetProxyForUrl(session, url_.c_str(), &options, &found) != FALSE;
    }
    if (answered) {
      answer_.proxies = Take(found.lpszProxy);
      answer_.bypass = Take(found.lpszProxyBypass);
    }
    http.Close(session);
    return answered;
  }

  const std::wstring url_;
  ProxySettings by_hand_;
  ProxySettings answer_;
  Napi::Promise::Deferred deferred_;
};

/** (address) -> Promise<{ proxies, bypass }> */
Napi::Value SystemProxy(const Napi::CallbackInfo& info) {
  // Owned by Node once queued.
  auto* question = new ProxyQuestion(info.Env(), TextArgument(info, 0));
  const Napi::Promise promise = question->promise();
  question->Queue();
  return promise;
}

}  // namespace

void ExportSystemProxy(Napi::Env env, Napi::Object exports) {
  exports.Set("systemProxy", Napi::Function::New(env, SystemProxy));
}

}  // namespace kortbro
