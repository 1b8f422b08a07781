//! Any bytes, read: `cargo +nightly fuzz run reader`.
#![no_main]

#[path = "../oracle.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| oracle::hold(bytes));
