//! (slice machine)
