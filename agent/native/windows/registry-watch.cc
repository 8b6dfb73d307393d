// A thread that tells when a key of the registry, or anything below it, has changed: also when the key is made or deleted.
#include <windows.h>

#include <memory>
#include <string>

#include "../concerns.h"
#include "../event-channel.h"
#include "../watch-thread.h"
#include "handle.h"
#include "registry-key.h"
#include "text.h"

namespace kortbro {
namespace {

/** Group policy deletes and writes a whole tree value by value: what is told is the end of it, or at the latest the second. */
constexpr DWORD kQuietMilliseconds = 250;
constexpr int kMaxQuiets = 8;
constexpr DWORD kWhat = REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_LAST_SET | REG_NOTIFY_THREAD_AGNOSTIC;

struct RegistryChange {
  Napi::Value ToValue(Napi::Env env) const { return env.Undefined(); }
};

std::wstring Above(const std::wstring& path) {
  const size_t end = path.find_last_of(L'\\');
  return path.substr(0, end == std::wstring::npos ? 0 : end);
}

/** The key itself where it is there, else the nearest key above it; the root of the registry is the empty path. */
std::wstring NearestPlace(std::wstring path) {
  for (;;) {
    RegistryKey key;
    if (path.empty() || key.Open(path, KEY_NOTIFY) == ERROR_SUCCESS) return path;
    path = Above(path);
  }
}

/**
 * What the system owes us: notifications of the key and all below it, or while it is missing of the nearest key above it. In each
 * case of the key above that one too: a key that is deleted tells nothing more, and Wine tells not even that of itself.
 */
class Notification {
 public:
  explicit Notification(const std::wstring& path) {
    const std::wstring place = NearestPlace(path);
    at_key_ = place == path;
    armed_ = place_.Arm(place, at_key_) && (place.empty() || above_.Arm(Above(place), false)) &&
             // Not when the way to the key was made, or cut, between our looking for it and the system's beginning to watch.
             NearestPlace(path) == place;
  }

  bool armed() const { return armed_; }
  bool at_key() const { return at_key_; }
  HANDLE changed() const { return place_.changed.get(); }
  HANDLE changed_above() const { return above_.changed.get(); }

  /** After a change: whether it was the key's, and not that of one beside it. */
  bool is_news() const {
    if (!at_key_) return false;
    return WaitForSingleObject(changed(), 0) == WAIT_OBJECT_0 || !place_.key.IsThere();
  }

 private:
  struct Watched {
    RegistryKey key;
    const Handle changed{CreateEventW(nullptr, TRUE, FALSE, nullptr)};

    bool Arm(const std::wstring& path, bool below) {
      return key.Open(path, KEY_NOTIFY | KEY_QUERY_VALUE) == ERROR_SUCCESS &&
             RegNotifyChangeKeyValue(key.get(), below, kWhat, changed.get(), TRUE) == ERROR_SUCCESS;
    }
  };

  Watched place_;
  Watched above_;
  bool armed_ = false;
  bool at_key_ = false;
};

class RegistryWatch final : public WatchThread {
 public:
  RegistryWatch(Napi::Env env, Napi::Function listener, std::wstring path)
      : channel_(EventChannel<RegistryChange>::Open(env, listener, "kortbro:registry")), path_(std::move(path)) {}

 protected:
  void Run() override {
    // The first call says that from now on nothing is missed.
    bool news = true;
    int quiets = kMaxQuiets;
    bool was_at_key = false;
    while (!stopping()) {
      const Notification notification(path_);
      if (!notification.armed()) {
        WaitForStop(backoff_.Next());
        continue;
      }
      backoff_.Reset();
      // Made or deleted.
      news = news || notification.at_key() != was_at_key;
      was_at_key = notification.at_key();
      if (news) {
        switch (Wait(notification, quiets < kMaxQuiets ? kQuietMilliseconds : 0)) {
          case WAIT_OBJECT_0: return;
          case WAIT_TIMEOUT: break;
          default: ++quiets; continue;
        }
        channel_->Deliver({});
      }
      if (Wait(notification, INFINITE) == WAIT_OBJECT_0) return;
      news = notification.is_news();
      quiets = 0;
    }
  }

  void CloseChannel() override { channel_->Close(); }
  void Interrupt() override {}

 private:
  DWORD Wait(const Notification& notification, DWORD milliseconds) const {
    const HANDLE objects[] = {stop_event(), notification.changed(), notification.changed_above()};
    return WaitForMultipleObjects(3, objects, FALSE, milliseconds);
  }

  const std::shared_ptr<EventChannel<RegistryChange>> channel_;
  const std::wstring path_;
  Backoff backoff_;
};

/** (path below HKEY_LOCAL_MACHINE, listener) -> { stop } */
Napi::Value WatchRegistry(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::wstring path = TextArgument(info, 0);
  if (path.empty() || path.front() == L'\\' || path.back() == L'\\') throw Napi::TypeError::New(env, "a key is expected");
  if (!info[1].IsFunction()) throw Napi::TypeError::New(env, "a listener is expected");
  return WatchThread::Start(env, std::make_shared<RegistryWatch>(env, info[1].As<Napi::Function>(), std::move(path)));
}

}  // namespace

void ExportRegistryWatch(Napi::Env env, Napi::Object exports) {
  exports.Set("watchRegistry", Napi::Function::New(env, WatchRegistry));
}

}  // namespace kortbro
