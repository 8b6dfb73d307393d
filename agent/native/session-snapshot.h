// What the session watch delivers, whoever it hears it from (session-snapshot.ts).
#pragma once

#include <napi.h>

#include <optional>

namespace kortbro {

struct SessionSnapshot {
  std::optional<bool> locked;
  std::optional<bool> active;
  bool suspending = false;
  bool connected = false;
  bool ended = false;

  bool operator==(const SessionSnapshot& other) const {
    return locked == other.locked && active == other.active && suspending == other.suspending &&
           connected == other.connected && ended == other.ended;
  }

  Napi::Value ToValue(Napi::Env env) const {
    const auto optional = [env](const std::optional<bool>& value) {
      return value.has_value() ? Napi::Value(Napi::Boolean::New(env, *value)) : Napi::Value(env.Undefined());
    };
    Napi::Object object = Napi::Object::New(env);
    object.Set("locked", optional(locked));
    object.Set("active", optional(active));
    object.Set("suspending", Napi::Boolean::New(env, suspending));
    object.Set("connected", Napi::Boolean::New(env, connected));
    object.Set("ended", Napi::Boolean::New(env, ended));
    return object;
  }
};

}  // namespace kortbro
