//! (slice config)
