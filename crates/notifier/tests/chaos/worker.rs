//! The process that gets killed: evaluates or sends, and dies by SIGKILL when it comes to a given step for
//! the n-th time.

use crate::company::{PATIENCE, at, policy, rule, today};
use crate::naive;
use chrono::{DateTime, Utc};
use notifier::{Console, Evaluation, Sending};
use platform_core::event::{Event, EventSink};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use warehouse::{Settings, Warehouse};

/// Counts a step, and ends the process at it.
struct Fuse {
    step: String,
    left: AtomicUsize,
}

impl EventSink for Fuse {
    fn send(&self, event: Event) {
        if event.message == self.step && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            kill(std::process::id());
            // The signal is on its way.
            std::thread::sleep(std::time::Duration::from_secs(10));
        }
    }
}

/// SIGKILL: nothing is cleaned up, nothing is said.
pub fn kill(process: u32) {
    let _ = Command::new("kill").args(["-9", &process.to_string()]).stderr(Stdio::null()).status();
}

/// Starts this binary as a worker.
pub fn start(task: &str, url: &str, smtp: &str, hours: i64, step: &str, times: usize) -> Child {
    let binary = std::env::current_exe().expect("this binary");
    Command::new(binary)
        .args(["worker", task, &hours.to_string(), step, &times.to_string()])
        .env("CHAOS_DATABASE", url)
        .env("CHAOS_SMTP", smtp)
        .stdout(Stdio::null())
        .spawn()
        .expect("a worker")
}

/// What a worker does.
pub async fn work(arguments: &[String]) -> ExitCode {
    let [task, hours, step, times] = arguments else { panic!("worker TASK HOURS STEP TIMES") };
    let url = std::env::var("CHAOS_DATABASE").expect("CHAOS_DATABASE");
    let settings = Settings::from_url(&url).expect("a URL");
    let warehouse = Warehouse::lazy(settings, 2).expect("a pool");
    let now = at(hours.parse().expect("hours"));
    let fuse = Fuse { step: step.clone(), left: AtomicUsize::new(times.parse().expect("times")) };
    match task.as_str() {
        "evaluate" => {
            let evaluation = Evaluation { now: Some(now), ..Evaluation::of(today()) };
            return done(
                notifier::evaluate(&[rule()], &policy(PATIENCE), evaluation, &warehouse, &fuse).await,
            );
        }
        "send" => return send(&warehouse, now, &fuse, PATIENCE).await,
        "send-impatiently" => return send(&warehouse, now, &fuse, 1).await,
        "naive" => naive::send(&warehouse, &fuse).await,
        other => panic!("{other}"),
    }
    ExitCode::SUCCESS
}

/// Sends what is due.
async fn send(warehouse: &Warehouse, now: DateTime<Utc>, events: &dyn EventSink, patience: u32) -> ExitCode {
    let stop = AtomicBool::new(false);
    let environment = |name: &str| std::env::var(name).ok();
    let sending = Sending {
        limit: None,
        now: Some(now),
        worker: std::process::id().to_string(),
        stop: &stop,
        environment: &environment,
        console: Console::default(),
    };
    done(notifier::deliver(&policy(patience), &sending, warehouse, events).await)
}

/// A database that goes away or is full ends a worker, without a word; nothing else may.
fn done<T>(result: notifier::Result<T>) -> ExitCode {
    match result {
        Ok(_) => ExitCode::SUCCESS,
        Err(notifier::Error::Warehouse(_)) => ExitCode::FAILURE,
        Err(problem) => panic!("{problem}"),
    }
}
