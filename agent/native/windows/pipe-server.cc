// A named pipe for the programs of this user, and a thread that accepts them. Each peer is handed to JavaScript as a descriptor of
// Node's, with the process, user and session that the kernel tells of it.
#include <windows.h>

#include <memory>
#include <string>
#include <vector>

#include "../concerns.h"
#include "../event-channel.h"
#include "../watch-thread.h"
#include "node-runtime.h"
#include "text.h"
#include "user-identity.h"
#include "windows-error.h"

namespace kortbro {
namespace {

/** Instances that wait for a peer at a time. A client that finds none waits too, in the system's own queue. */
constexpr size_t kWaitingInstances = 8;
constexpr DWORD kBufferBytes = 64 * 1024;
constexpr std::chrono::milliseconds kPause{250};

Handle MakeInstance(const std::wstring& name, SecurityFromText* security, DWORD first) {
  return Handle(CreateNamedPipeW(name.c_str(), PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | first,
                                 PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
                                 PIPE_UNLIMITED_INSTANCES, kBufferBytes, kBufferBytes, 0, security->get()));
}

struct Peer {
  /** Shared so that a peer that nobody takes any more is closed. */
  std::shared_ptr<Handle> pipe;
  DWORD process = 0;
  DWORD session = 0;
  std::string user;

  Napi::Value ToValue(Napi::Env env) const {
    Napi::Object peer = Napi::Object::New(env);
    peer.Set("processId", Napi::Number::New(env, process));
    peer.Set("session", Napi::Number::New(env, session));
    peer.Set("user", Napi::String::New(env, user));
    peer.Set("fd", Napi::Number::New(env, NodeDescriptor(env, std::move(*pipe))));
    return peer;
  }
};

/** One end of the pipe that waits for its peer; the system writes into it until the wait is over or has been taken back. */
class Listening {
 public:
  explicit Listening(Handle pipe) : pipe_(std::move(pipe)) {
    waiting_.hEvent = connected_.get();
    if (ConnectNamedPipe(pipe_.get(), &waiting_)) return;
    switch (GetLastError()) {
      case ERROR_IO_PENDING: pending_ = true; return;
      case ERROR_PIPE_CONNECTED: SetEvent(connected_.get()); return;
      // ERROR_NO_DATA: the peer has come and gone between the making and the wait.
      default: pipe_.Close(); SetEvent(connected_.get());
    }
  }
  ~Listening() {
    if (!pending_) return;
    DWORD ignored = 0;
    CancelIoEx(pipe_.get(), &waiting_);
    GetOverlappedResult(pipe_.get(), &waiting_, &ignored, TRUE);
  }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  HANDLE connected() const { return connected_.get(); }

  /** To be called when `connected` is set. Empty when the peer has gone already. */
  Handle Take() {
    DWORD ignored = 0;
    if (pending_ && !GetOverlappedResult(pipe_.get(), &waiting_, &ignored, FALSE)) pipe_.Close();
    pending_ = false;
    return std::move(pipe_);
  }

 private:
  Handle pipe_;
  const Handle connected_{CreateEventW(nullptr, TRUE, FALSE, nullptr)};
  OVERLAPPED waiting_ = {};
  bool pending_ = false;
};

class PipeServer final : public WatchThread {
 public:
  PipeServer(Napi::Env env, Napi::Function listener, std::wstring name, SecurityFromText security, Handle first)
      : channel_(EventChannel<Peer>::Open(env, listener, "kortbro:pipe")),
        name_(std::move(name)),
        security_(std::move(security)),
        first_(std::move(first)) {}

 protected:
  void Run() override {
    // While one instance is there the name stays ours.
    listening_.push_back(std::make_unique<Listening>(std::move(first_)));
    while (!stopping()) {
      while (listening_.size() < kWaitingInstances && Listen()) continue;
      if (listening_.empty()) {
        WaitForStop(kPause);
        continue;
      }
      std::vector<HANDLE> objects = {stop_event()};
      for (const auto& one : listening_) objects.push_back(one->connected());
      const DWORD came = WaitForMultipleObjects(static_cast<DWORD>(objects.size()), objects.data(), FALSE, INFINITE);
      if (came == WAIT_OBJECT_0) break;
      if (came >= WAIT_OBJECT_0 + objects.size()) {
        WaitForStop(kPause);
        continue;
      }
      const size_t index = came - WAIT_OBJECT_0 - 1;
      Handle pipe = listening_[index]->Take();
      listening_.erase(listening_.begin() + static_cast<std::ptrdiff_t>(index));
      Listen();
      if (pipe) Accept(std::move(pipe));
    }
    listening_.clear();
  }

  void CloseChannel() override { channel_->Close(); }
  void Interrupt() override {}

 private:
  bool Listen() {
    Handle pipe = MakeInstance(name_, &security_, 0);
    if (!pipe) return false;
    listening_.push_back(std::make_unique<Listening>(std::move(pipe)));
    return true;
  }

  /**
   * The kernel let only our own user (or the system) open the pipe, and recorded the session and process that did; the user is
   * read from that process. A process id that was given to another process meanwhile can only make a peer be refused.
   */
  void Accept(Handle pipe) {
    Peer peer;
    if (!GetNamedPipeClientProcessId(pipe.get(), &peer.process)) return;
    if (!GetNamedPipeClientSessionId(pipe.get(), &peer.session)) return;
    const Handle process(OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, peer.process));
    if (!process) return;
    peer.user = UserOfProcess(process.get());
    if (peer.user.empty()) return;
    peer.pipe = std::make_shared<Handle>(std::move(pipe));
    channel_->Deliver(std::move(peer));
  }

  const std::shared_ptr<EventChannel<Peer>> channel_;
  const std::wstring name_;
  SecurityFromText security_;
  Handle first_;
  std::vector<std::unique_ptr<Listening>> listening_;
};

/** (name, listener) -> { stop }. Throws EACCES when another program has the name. */
Napi::Value StartPipeServer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::wstring name = TextArgument(info, 0);
  if (!info[1].IsFunction()) throw Napi::TypeError::New(env, "a listener is expected");
  SecurityFromText security = SecurityFromText::OwnUserOnly();
  if (security.get() == nullptr) ThrowWindowsError(env, "CreateNamedPipe", GetLastError());
  Handle first = MakeInstance(name, &security, FILE_FLAG_FIRST_PIPE_INSTANCE);
  if (!first) ThrowWindowsError(env, "CreateNamedPipe", GetLastError());
  const auto listener = info[1].As<Napi::Function>();
  return WatchThread::Start(
      env, std::make_shared<PipeServer>(env, listener, std::move(name), std::move(security), std::move(first)));
}

}  // namespace

void ExportPipeServer(Napi::Env env, Napi::Object exports) {
  exports.Set("startPipeServer", Napi::Function::New(env, StartPipeServer));
}

}  // namespace kortbro
