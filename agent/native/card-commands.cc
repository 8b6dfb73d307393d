// One short visit to a card in a worker thread: connect shared, hold a transaction, send APDUs or reset, leave.
// SCardStatus and SCardListReaders are not called here: see pcsc-library.h.
#include <string.h>

#include <string>
#include <vector>

#include "concerns.h"
#include "pcsc-library.h"
#include "wipe.h"

namespace kortbro {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr size_t kMaxApdus = 8;
constexpr size_t kMaxApduBytes = 261;
/** The longest answer there is: 65536 bytes and the status word (ISO 7816-4 5.1, extended Le). */
constexpr size_t kMaxAnswerBytes = 65538;

/** A context and a shared connection, both given back at the end of the visit. */
class CardConnection {
 public:
  CardConnection(const PcscLibrary& pcsc, const std::string& reader, DWORD protocols) : pcsc_(pcsc) {
    code_ = pcsc_.EstablishContext(SCARD_SCOPE_SYSTEM, nullptr, nullptr, &context_);
    if (code_ != SCARD_S_SUCCESS) return;
    established_ = true;
    code_ = pcsc_.Connect(context_, reader, protocols, &card_, &protocol_);
    connected_ = code_ == SCARD_S_SUCCESS;
  }
  ~CardConnection() {
    if (connected_) Disconnect(SCARD_LEAVE_CARD);
    if (established_) pcsc_.ReleaseContext(context_);
  }
  CardConnection(const CardConnection&) = delete;
  CardConnection& operator=(const CardConnection&) = delete;

  LONG code() const { return code_; }
  SCARDHANDLE card() const { return card_; }
  DWORD protocol() const { return protocol_; }

  LONG Disconnect(DWORD disposition) {
    connected_ = false;
    return pcsc_.Disconnect(card_, disposition);
  }

 private:
  const PcscLibrary& pcsc_;
  LONG code_ = SCARD_S_SUCCESS;
  bool established_ = false;
  bool connected_ = false;
  SCARDCONTEXT context_ = 0;
  SCARDHANDLE card_ = 0;
  DWORD protocol_ = 0;
};

/** Runs `Visit` off the main thread and resolves its promise with { code, answers }; it never rejects. */
class CardVisit : public Napi::AsyncWorker {
 public:
  CardVisit(Napi::Env env, std::string reader)
      : Napi::AsyncWorker(env, "kortbro:card"), reader_(std::move(reader)), deferred_(env) {}
  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  virtual LONG Visit(const PcscLibrary& pcsc) = 0;
  const std::string& reader() const { return reader_; }
  std::vector<Bytes> answers_;

  void Execute() final {
    const PcscLibrary* pcsc = PcscLibrary::Open();
    code_ = pcsc == nullptr ? kPcscLibraryMissing : PcscCode(Visit(*pcsc));
    if (code_ != 0) answers_.clear();
  }

  void OnOK() final {
    const Napi::Env env = Env();
    Napi::Array answers = Napi::Array::New(env, answers_.size());
    for (uint32_t i = 0; i < answers_.size(); ++i) {
      Napi::Uint8Array bytes = Napi::Uint8Array::New(env, answers_[i].size());
      if (!answers_[i].empty()) memcpy(bytes.Data(), answers_[i].data(), answers_[i].size());
      answers.Set(i, bytes);
    }
    Napi::Object outcome = Napi::Object::New(env);
    outcome.Set("code", Napi::Number::New(env, code_));
    outcome.Set("answers", answers);
    deferred_.Resolve(outcome);
  }

  void OnError(const Napi::Error& error) final { deferred_.Reject(error.Value()); }

 private:
  const std::string reader_;
  uint32_t code_ = 0;
  Napi::Promise::Deferred deferred_;
};

class TransmitVisit final : public CardVisit {
 public:
  TransmitVisit(Napi::Env env, std::string reader, std::vector<Bytes> apdus, DWORD protocols)
      : CardVisit(env, std::move(reader)), apdus_(std::move(apdus)), protocols_(protocols) {}
  ~TransmitVisit() override {
    // An APDU may carry a PIN.
    for (Bytes& apdu : apdus_) Wipe(apdu.data(), apdu.size());
  }

 protected:
  LONG Visit(const PcscLibrary& pcsc) override {
    CardConnection connection(pcsc, reader(), protocols_);
    LONG code = connection.code();
    if (code != SCARD_S_SUCCESS) return code;
    code = pcsc.BeginTransaction(connection.card());
    if (code != SCARD_S_SUCCESS) return code;
    const SCARD_IO_REQUEST pci = {connection.protocol(), sizeof(SCARD_IO_REQUEST)};
    Bytes answer(kMaxAnswerBytes);
    for (const Bytes& apdu : apdus_) {
      DWORD length = static_cast<DWORD>(answer.size());
      code = pcsc.Transmit(connection.card(), &pci, apdu.data(), static_cast<DWORD>(apdu.size()), nullptr,
                           answer.data(), &length);
      // Every answer ends with a status word; a driver whose card was just pulled may call nothing at all a success.
      if (code == SCARD_S_SUCCESS && length < 2) code = SCARD_E_COMM_DATA_LOST;
      if (code != SCARD_S_SUCCESS) break;
      answers_.emplace_back(answer.begin(), answer.begin() + static_cast<std::ptrdiff_t>(length));
    }
    pcsc.EndTransaction(connection.card(), SCARD_LEAVE_CARD);
    return code;
  }

 private:
  std::vector<Bytes> apdus_;
  const DWORD protocols_;
};

class ResetVisit final : public CardVisit {
 public:
  using CardVisit::CardVisit;

 protected:
  LONG Visit(const PcscLibrary& pcsc) override {
    CardConnection connection(pcsc, reader(), SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1);
    if (connection.code() != SCARD_S_SUCCESS) return connection.code();
    return connection.Disconnect(SCARD_RESET_CARD);
  }
};

std::string ReaderArgument(const Napi::CallbackInfo& info) {
  if (!info[0].IsString()) throw Napi::TypeError::New(info.Env(), "a reader name is expected");
  return info[0].As<Napi::String>().Utf8Value();
}

Bytes ApduOf(Napi::Env env, const Napi::Value& value) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throw Napi::TypeError::New(env, "an APDU is a Uint8Array");
  }
  const Napi::Uint8Array array = value.As<Napi::Uint8Array>();
  if (array.ByteLength() < 4 || array.ByteLength() > kMaxApduBytes) {
    throw Napi::RangeError::New(env, "an APDU has 4 to 261 bytes");
  }
  return Bytes(array.Data(), array.Data() + array.ByteLength());
}

Napi::Value Transmit(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::string reader = ReaderArgument(info);
  if (!info[1].IsArray() || !info[2].IsNumber()) throw Napi::TypeError::New(env, "APDUs and protocols are expected");
  const Napi::Array array = info[1].As<Napi::Array>();
  if (array.Length() < 1 || array.Length() > kMaxApdus) throw Napi::RangeError::New(env, "1 to 8 APDUs");
  std::vector<Bytes> apdus;
  for (uint32_t i = 0; i < array.Length(); ++i) apdus.push_back(ApduOf(env, array.Get(i)));
  const DWORD protocols = info[2].As<Napi::Number>().Uint32Value();
  // Owned by Node once queued: it deletes itself after OnOK.
  auto* visit = new TransmitVisit(env, std::move(reader), std::move(apdus), protocols);
  const Napi::Promise promise = visit->promise();
  visit->Queue();
  return promise;
}

Napi::Value ResetCard(const Napi::CallbackInfo& info) {
  auto* visit = new ResetVisit(info.Env(), ReaderArgument(info));
  const Napi::Promise promise = visit->promise();
  visit->Queue();
  return promise;
}

}  // namespace

void ExportCardCommands(Napi::Env env, Napi::Object exports) {
  exports.Set("transmit", Napi::Function::New(env, Transmit));
  exports.Set("resetCard", Napi::Function::New(env, ResetCard));
}

}  // namespace kortbro
