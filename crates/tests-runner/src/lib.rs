//! tests-runner
