/** Set by the bundler: whether this build may hold what only developers need. Undefined when run from source. */
declare const __DEVELOPMENT__: boolean | undefined;
