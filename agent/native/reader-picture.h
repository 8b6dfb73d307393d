// What the reader watch delivers: all that is known of the service and its readers at one moment (reader-picture.ts).
#pragma once

#include <napi.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "pcsc-library.h"

namespace kortbro {

struct Reader {
  std::string name;
  DWORD state = SCARD_STATE_UNAWARE;
  std::vector<uint8_t> atr;

  bool operator==(const Reader& other) const {
    return name == other.name && state == other.state && atr == other.atr;
  }
};

struct Picture {
  bool running = false;
  uint32_t code = 0;
  uint32_t connection = 0;
  std::vector<Reader> readers;

  bool operator==(const Picture& other) const {
    return running == other.running && code == other.code && connection == other.connection && readers == other.readers;
  }

  Napi::Value ToValue(Napi::Env env) const {
    Napi::Array list = Napi::Array::New(env, readers.size());
    for (uint32_t i = 0; i < readers.size(); ++i) {
      Napi::Uint8Array atr = Napi::Uint8Array::New(env, readers[i].atr.size());
      if (!readers[i].atr.empty()) std::memcpy(atr.Data(), readers[i].atr.data(), readers[i].atr.size());
      Napi::Object reader = Napi::Object::New(env);
      reader.Set("name", Napi::String::New(env, readers[i].name));
      reader.Set("eventState", Napi::Number::New(env, static_cast<uint32_t>(readers[i].state)));
      reader.Set("atr", atr);
      list.Set(i, reader);
    }
    Napi::Object picture = Napi::Object::New(env);
    picture.Set("service", Napi::String::New(env, running ? "running" : "stopped"));
    if (!running) picture.Set("code", Napi::Number::New(env, code));
    picture.Set("connection", Napi::Number::New(env, connection));
    picture.Set("readers", list);
    return picture;
  }
};

}  // namespace kortbro
