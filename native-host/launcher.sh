#!/bin/sh
# What the browser starts: a native-messaging manifest names a program and can give it neither arguments nor environment.
# Installed beside main.js as an executable file, with the path of Node in place of the mark.
unset NODE_OPTIONS NODE_PATH NODE_DEBUG NODE_V8_COVERAGE
ulimit -c 0
exec '@NODE@' "${0%/*}/main.js" "$@"
