//! platform-cli
