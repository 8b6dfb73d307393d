// A thread that blocks in SCardGetStatusChange and delivers a full picture of the readers at every change.
// One watch a process: pcsc-lite 1.x keeps its table of readers in a global that is not locked between contexts.
#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "concerns.h"
#include "event-channel.h"
#include "pcsc-library.h"
#include "reader-picture.h"
#include "watch-thread.h"

namespace kortbro {
namespace {

using std::chrono::milliseconds;

constexpr char kReaderListChanges[] = "\\\\?PnP?\\Notification";
/**
 * Once after each new list of readers the wait is bounded and the list read again: pcsc-lite before 2.3 has no number for the
 * state of its list, so a reader that comes between the list and the wait would go unseen.
 */
constexpr DWORD kSettleMilliseconds = 3000;
constexpr milliseconds kPause{250};
constexpr int kFruitlessWakes = 4;

class ReaderWatch final : public WatchThread {
 public:
  ReaderWatch(Napi::Env env, Napi::Function listener)
      : channel_(EventChannel<Picture>::Open(env, listener, "kortbro:readers")) {}

 protected:
  void Run() override {
    while (!stopping()) {
      const uint32_t code = Connect();
      if (stopping()) return;
      Deliver({false, code, connection_, {}});
      WaitForService(backoff_.Next());
    }
  }

  void CloseChannel() override { channel_->Close(); }

  /** SCardCancel before the wait has begun does nothing, so it is repeated, by a thread of its own, until Run has ended. */
  void Interrupt() override {
    auto self = std::static_pointer_cast<ReaderWatch>(shared_from_this());
    try {
      std::thread([self] {
        do {
          const std::lock_guard<std::mutex> guard(self->context_mutex_);
          if (self->established_) self->pcsc_->Cancel(self->context_);
        } while (!self->WaitForEnd(milliseconds(10)));
      }).detach();
    } catch (const std::system_error&) {
      // No thread to be had: the watch ends at the next event of the service; its channel is closed already.
    }
  }

 private:
  /** One connection to the service, from its establishment to its end; answers why it ended. */
  uint32_t Connect() {
    pcsc_ = PcscLibrary::Open();
    if (pcsc_ == nullptr) return kPcscLibraryMissing;
    SCARDCONTEXT context = 0;
    const LONG code = pcsc_->EstablishContext(SCARD_SCOPE_SYSTEM, nullptr, nullptr, &context);
    if (code != SCARD_S_SUCCESS) return PcscCode(code);
    {
      const std::lock_guard<std::mutex> guard(context_mutex_);
      context_ = context;
      established_ = true;
    }
    ++connection_;
    readers_.clear();
    const LONG end = Watch();
    const std::lock_guard<std::mutex> guard(context_mutex_);
    established_ = false;
    pcsc_->ReleaseContext(context_);
    return PcscCode(end);
  }

  LONG Watch() {
    bool list_again = true;
    bool settled = false;
    bool with_list_changes = true;
    DWORD list_state = SCARD_STATE_UNAWARE;
    int fruitless = 0;
    while (!stopping()) {
      if (list_again) {
        std::vector<std::string> names;
        const LONG code = pcsc_->ListReaders(context_, &names);
        if (code != SCARD_S_SUCCESS) return code;
        if (Merge(names)) settled = false;
        list_again = false;
        if (std::none_of(readers_.begin(), readers_.end(), Unaware) && DeliverRunning()) fruitless = 0;
      }
      std::vector<AwaitedReader> awaited = ReadersToWaitFor(with_list_changes, list_state);
      const LONG code = pcsc_->GetStatusChange(context_, settled ? INFINITE : kSettleMilliseconds, &awaited);
      switch (PcscCode(code)) {
        case PcscCode(SCARD_S_SUCCESS): {
          if (with_list_changes) list_again = CarryOverList(awaited.back(), &list_state);
          for (size_t i = 0; i < readers_.size(); ++i) {
            if (CarryOver(std::move(awaited[i]), &readers_[i])) list_again = true;
          }
          backoff_.Reset();
          fruitless = !list_again && DeliverRunning() ? 0 : fruitless + 1;
          break;
        }
        case PcscCode(SCARD_E_TIMEOUT):
          list_again = true;
          settled = true;
          break;
        case PcscCode(SCARD_E_UNKNOWN_READER):
          list_again = true;
          ++fruitless;
          break;
        case PcscCode(SCARD_E_INVALID_PARAMETER):
          // pcsc-lite takes no more entries than it can have readers (16), and the pseudo reader counts. With that many
          // there is no room for another reader to come, so its news are not needed until one has gone.
          if (!with_list_changes || readers_.empty()) return code;
          with_list_changes = false;
          break;
        case PcscCode(SCARD_E_CANCELLED):
          ++fruitless;
          break;
        default:
          return code;
      }
      if (list_again) with_list_changes = true;
      // A service that wakes us again and again for nothing must not cost a processor.
      if (fruitless > kFruitlessWakes) WaitForStop(kPause);
    }
    return SCARD_S_SUCCESS;
  }

  /** The new list with what is known of those that stay; true when a reader came or went. */
  bool Merge(const std::vector<std::string>& names) {
    std::vector<Reader> merged;
    bool changed = names.size() != readers_.size();
    for (const std::string& name : names) {
      const auto known = std::find_if(readers_.begin(), readers_.end(), [&](const Reader& r) { return r.name == name; });
      const bool stays = known != readers_.end() && (known->state & SCARD_STATE_UNKNOWN) == 0;
      changed = changed || !stays;
      merged.push_back(stays ? *known : Reader{name, SCARD_STATE_UNAWARE, {}});
    }
    readers_ = std::move(merged);
    return changed;
  }

  std::vector<AwaitedReader> ReadersToWaitFor(bool with_list_changes, DWORD list_state) const {
    std::vector<AwaitedReader> awaited;
    for (const Reader& reader : readers_) awaited.push_back({reader.name, reader.state, SCARD_STATE_UNAWARE, {}});
    if (with_list_changes) awaited.push_back({kReaderListChanges, list_state, SCARD_STATE_UNAWARE, {}});
    return awaited;
  }

  static bool Unaware(const Reader& reader) { return reader.state == SCARD_STATE_UNAWARE; }

  /** Its state is handed back at the next wait (eid-mw #161: else it reports the same change for ever). */
  static bool CarryOverList(const AwaitedReader& now, DWORD* state) {
    *state = now.state & ~static_cast<DWORD>(SCARD_STATE_CHANGED);
    return (now.state & SCARD_STATE_CHANGED) != 0;
  }

  /** True when the service no longer knows the reader. */
  static bool CarryOver(AwaitedReader now, Reader* reader) {
    reader->state = now.state & ~static_cast<DWORD>(SCARD_STATE_CHANGED);
    reader->atr = std::move(now.atr);
    return (now.state & SCARD_STATE_UNKNOWN) != 0;
  }

  /** The time before the next attempt; on Windows, where the service stops with the last reader, also until it starts again. */
  void WaitForService(milliseconds time) {
#ifdef _WIN32
    const HANDLE started = pcsc_ == nullptr ? nullptr : pcsc_->ServiceStarted();
    // Set already: then it is not what we wait for.
    if (started != nullptr && WaitForSingleObject(started, 0) == WAIT_TIMEOUT) {
      if (WaitForStopOr(started, time)) backoff_.Reset();
      return;
    }
#endif
    WaitForStop(time);
  }

  bool DeliverRunning() { return Deliver({true, 0, connection_, readers_}); }

  /** False when it says nothing new. */
  bool Deliver(Picture picture) {
    if (delivered_any_ && picture == delivered_) return false;
    delivered_any_ = true;
    delivered_ = picture;
    channel_->Deliver(std::move(picture));
    return true;
  }

  const std::shared_ptr<EventChannel<Picture>> channel_;
  const PcscLibrary* pcsc_ = nullptr;
  std::mutex context_mutex_;
  SCARDCONTEXT context_ = 0;
  bool established_ = false;
  uint32_t connection_ = 0;
  std::vector<Reader> readers_;
  Picture delivered_;
  bool delivered_any_ = false;
  Backoff backoff_;
};

Napi::Value StartReaderWatch(const Napi::CallbackInfo& info) {
  if (!info[0].IsFunction()) throw Napi::TypeError::New(info.Env(), "a listener is expected");
  return WatchThread::Start(info.Env(), std::make_shared<ReaderWatch>(info.Env(), info[0].As<Napi::Function>()));
}

}  // namespace

void ExportReaderWatch(Napi::Env env, Napi::Object exports) {
  exports.Set("startReaderWatch", Napi::Function::New(env, StartReaderWatch));
}

}  // namespace kortbro
