//! The verbs of the binary, with projects of a few files on a real server.

#![expect(clippy::expect_used, reason = "a test that can't go on says why and fails")]

mod flags;
mod freshness;
mod functions;
mod interruption;
mod log;
mod microbatch;
mod operations;
mod packages;
mod scene;
mod seeds;
mod start;
mod state;
mod tables;
mod walk;
