//! platform-core
