# Builds kortbro.node for Linux: npx node-gyp rebuild -C agent/native --release. For Windows: installer/windows/build-addon.mjs.
# libpcsclite and libsystemd are opened at run time and never linked, so that the addon loads on machines without them; only
# their headers are needed here. Warnings are errors in our own sources; node-addon-api's headers come in as system headers.
{
  "targets": [
    {
      "target_name": "kortbro",
      "sources": [
        "addon.cc",
        "card-commands.cc",
        "file-lock.cc",
        "pcsc-library.cc",
        "peer-credentials.cc",
        "pipe.cc",
        "pkcs11-login.cc",
        "process-hardening.cc",
        "reader-watch.cc",
        "secret-memory.cc",
        "session-bus.cc",
        "session-watch.cc",
        "systemd-library.cc",
        "system-error.cc",
        "watch-thread.cc"
      ],
      "defines": ["NAPI_VERSION=8", "NAPI_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags!": ["-fno-exceptions"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": [
        "-std=c++17",
        "-fexceptions",
        "-fvisibility=hidden",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-isystem",
        "<!(node -p \"require('node:path').dirname(require.resolve('node-addon-api'))\")",
        "-isystem",
        "<!(node -p \"require('node:path').join(require('node:path').dirname(require.resolve('pkcs11js')), 'includes/pkcs11')\")",
        "-isystem",
        "/usr/include/PCSC"
      ],
      "ldflags": ["-Wl,-z,nodelete", "-Wl,-z,relro,-z,now"],
      "libraries": ["-ldl", "-lpthread"]
    }
  ]
}
