//! The site in a real browser: Chromium, headless, from disk. A script in the page acts as a person would and
//! writes down what it saw.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that can't go on says why and fails")]

mod accessibility;
mod chromium;
mod lineage;
mod pages;
mod shop;
mod thousands;
