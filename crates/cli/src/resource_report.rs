//! What a command took of the machine, as dbt's `ResourceReport` tells it.

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike as _};
use platform_core::Event;
use platform_core::event::Level;
use serde_json::{Map, Value};

/// The report of a command that took so many seconds; for all to see where `--show-resource-report` asks for it.
pub fn event(verb: &str, success: bool, elapsed: f64, is_asked_for: bool) -> Event {
    let mut facts = Map::new();
    facts.insert("command_name".into(), verb.into());
    facts.insert("command_success".into(), success.into());
    facts.insert("command_wall_clock_time".into(), elapsed.into());
    if let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) {
        facts.extend(of_process(&usage));
    }
    facts.sort_keys();
    let level = if is_asked_for { Level::Info } else { Level::Debug };
    let shown = project::json::dumps(&Value::Object(facts.clone()));
    let mut event = Event::new(level, "ResourceReport", format!("Resource report: {shown}")).code("Z051");
    event.data = facts;
    event
}

/// Seconds as numbers, kilobytes and blocks as texts: dbt's types.
fn of_process(usage: &Usage) -> [(String, Value); 5] {
    let seconds = |time: TimeVal| {
        Value::from(std::time::Duration::from_micros(time.num_microseconds().unsigned_abs()).as_secs_f64())
    };
    let text = |count: i64| Value::from(count.to_string());
    [
        ("process_user_time".to_owned(), seconds(usage.user_time())),
        ("process_kernel_time".to_owned(), seconds(usage.system_time())),
        ("process_mem_max_rss".to_owned(), text(usage.max_rss())),
        ("process_in_blocks".to_owned(), text(usage.block_reads())),
        ("process_out_blocks".to_owned(), text(usage.block_writes())),
    ]
}
