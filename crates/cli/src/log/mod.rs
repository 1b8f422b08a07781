//! Listeners of events: the terminal and the log file.
//!
//! dbt's names, codes and shapes, so that what reads dbt's logs reads ours
//! (<https://docs.getdbt.com/reference/events-logging>).

mod deprecations;
mod file;
mod format;
mod gist;
mod warning;

pub use file::LogFile;
pub use warning::{Verdict, WarningPolicy};

use crate::arguments::{LogFormat, LogLevel, Logging};
use deprecations::Deprecations;
use format::{Frame, Style};
use gist::Gist;
use platform_core::event::Level;
use platform_core::{Event, EventSink};
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Data that was asked for: bare on the terminal, whatever the level.
const DATA: [&str; 4] = ["PrintEvent", "ListCmdOut", "ShowNode", "CompiledNode"];

/// The listeners of one command.
pub struct Log {
    frame: Frame,
    terminal: Listener,
    gist: Option<Gist>,
    file: Option<(Listener, Mutex<LogFile>)>,
    quiet: bool,
    print: bool,
    warnings: WarningPolicy,
    deprecations: Deprecations,
    escalated: AtomicUsize,
}

#[derive(Clone, Copy, Debug)]
struct Listener {
    /// `None` hears nothing.
    level: Option<Level>,
    style: Style,
}

impl Log {
    /// Listeners as the flags say; the file is opened in that folder.
    pub fn new(flags: &Logging, folder: Option<&Path>, warnings: WarningPolicy, invocation_id: &str) -> Self {
        Self::keeping(flags, folder, warnings, invocation_id, Vec::new())
    }

    /// The same, with texts that no line shows.
    pub fn keeping(
        flags: &Logging,
        folder: Option<&Path>,
        warnings: WarningPolicy,
        invocation_id: &str,
        secrets: Vec<String>,
    ) -> Self {
        let debug = flags.debug == Some(true);
        let colors = flags.use_colors.unwrap_or_else(|| std::io::stdout().is_terminal());
        let format = flags.log_format.unwrap_or(LogFormat::Default);
        let level = flags.log_level.unwrap_or(if debug { LogLevel::Debug } else { LogLevel::Info });
        let terminal = Listener { level: level_of(level), style: style(format, colors, false) };
        let file_level = flags.log_level_file.unwrap_or(LogLevel::Debug);
        let file_colors = flags.use_colors_file.unwrap_or(false);
        let file_listener = Listener {
            level: level_of(file_level),
            style: style(flags.log_format_file.unwrap_or(format), file_colors, true),
        };
        let file = folder
            .filter(|_| file_listener.level.is_some())
            .and_then(|folder| {
                LogFile::open(folder, flags.log_file_max_bytes, invocation_id, file_listener.style).ok()
            })
            .map(|file| (file_listener, Mutex::new(file)));
        let gist =
            (flags.gist && terminal.style.is_text() && terminal.level == Some(Level::Info)).then(Gist::new);
        Self {
            frame: Frame::new(invocation_id, secrets),
            terminal,
            gist,
            file,
            quiet: flags.quiet == Some(true),
            print: flags.print != Some(false),
            warnings,
            deprecations: Deprecations::new(flags.show_all_deprecations == Some(true)),
            escalated: AtomicUsize::new(0),
        }
    }

    /// The terminal alone, for what goes wrong before there is an invocation.
    pub fn plain() -> Self {
        Self::new(&Logging::default(), None, WarningPolicy::default(), "")
    }

    /// How many warnings were errors by `--warn-error`.
    pub fn escalated(&self) -> usize {
        self.escalated.load(Ordering::Relaxed)
    }

    /// What warnings are: warnings, errors or nothing.
    pub fn warnings(&self) -> &WarningPolicy {
        &self.warnings
    }

    /// Tells how many deprecations were met; the last word of a command.
    pub fn summarize(&self) {
        if let Some(summary) = self.deprecations.summary() {
            self.tell(&summary);
        }
    }

    /// Whether the terminal gets text for people.
    pub fn is_text(&self) -> bool {
        self.terminal.style.is_text()
    }

    fn tell(&self, event: &Event) {
        let is_data = DATA.contains(&event.name.as_str());
        let heard = |listener: Listener| listener.level.is_some_and(|level| event.level >= level);
        let swallowed = self.gist.as_ref().is_some_and(|gist| gist.swallows(event));
        let silenced = swallowed || (self.quiet && event.level < Level::Error && !is_data);
        if (heard(self.terminal) || (is_data && self.terminal.level.is_some())) && !silenced {
            let line = self.frame.line(event, self.terminal.style, is_data);
            // A closed pipe ends the talk, not the run.
            let write = || drop(writeln!(std::io::stdout().lock(), "{line}"));
            match &self.gist {
                Some(gist) => gist.write(write),
                None => write(),
            }
        }
        if let Some((listener, file)) = self.file.as_ref().filter(|(listener, _)| heard(*listener)) {
            let line = self.frame.line(event, listener.style, false);
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.write(&line, event.level >= Level::Info);
        }
    }
}

impl EventSink for Log {
    fn send(&self, mut event: Event) {
        if event.name == "PrintEvent" && !self.print {
            return;
        }
        if event.level == Level::Warn && warning::may_escalate(&event) {
            match self.warnings.verdict_of(&event) {
                Verdict::Warn if deprecations::is_deprecation(&event.name) => {
                    let Some(told) = self.deprecations.meet(event) else { return };
                    event = told;
                }
                Verdict::Warn => {}
                Verdict::Silence => return,
                Verdict::Error => {
                    self.escalated.fetch_add(1, Ordering::Relaxed);
                    // What ends a command has one name, whatever it was.
                    event.level = Level::Error;
                    let exception = event.message.clone();
                    event = Event { name: "MainEncounteredError".to_owned(), ..event }.code("Z002");
                    event = event.with("exc", exception);
                }
            }
        }
        self.tell(&event);
    }

    fn is_error(&self, warning: &str) -> bool {
        self.warnings.verdict(warning) == Verdict::Error
    }
}

fn level_of(level: LogLevel) -> Option<Level> {
    match level {
        LogLevel::Debug => Some(Level::Debug),
        LogLevel::Info => Some(Level::Info),
        LogLevel::Warn => Some(Level::Warn),
        LogLevel::Error => Some(Level::Error),
        LogLevel::None => None,
    }
}

fn style(format: LogFormat, colors: bool, is_file: bool) -> Style {
    match format {
        LogFormat::Json => Style::Json,
        LogFormat::Debug => Style::Debug { colors },
        LogFormat::Default if is_file => Style::Debug { colors },
        LogFormat::Text | LogFormat::Default => Style::Text { colors },
    }
}
