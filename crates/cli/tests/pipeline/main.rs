//! The pipeline, with the real project on a real server.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that can't go on says why and fails")]

mod killed;
mod scene;
mod story;
