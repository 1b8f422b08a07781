//! A scripted SMTP server for tests: it refuses, hangs, drops the line, and keeps what it accepts.
//!
//! A mail counts as accepted once it is durable (a file, synced), before the reply goes out: a test that
//! compares what was sent with what arrived looks at these files. Loopback only.

mod certificate;
mod mail;
mod session;

pub use certificate::Certificates;
pub use mail::Mail;

use rustls::ServerConfig;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the server does wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Mode {
    /// Nothing.
    #[default]
    Well,
    /// Greets with that reply: `421 busy`.
    Greeting(&'static str),
    /// Accepts connections and says nothing.
    HangAtGreeting,
    /// Says nothing after EHLO.
    HangAfterEhlo,
    /// Answers MAIL with that reply.
    Sender(&'static str),
    /// Answers RCPT of addresses that contain the text with that reply.
    Recipient(&'static str, &'static str),
    /// Answers the first RCPT of every address and sender with 450.
    Greylist,
    /// Answers the whole message with that reply.
    Message(&'static str),
    /// Answers messages larger than that many bytes with that reply.
    Larger(usize, &'static str),
    /// Takes the message and never answers.
    HangAfterData,
    /// Takes the message and answers with that reply only after so many milliseconds.
    Late(u64, &'static str),
    /// Closes the line before it keeps the message.
    DropBefore,
    /// Keeps the message and closes the line.
    DropAfter,
    /// Of a hundred messages, keeps so many and closes the line.
    DropAfterSome(u64),
    /// Sends its replies one byte every so many milliseconds.
    Drip(u64),
    /// Refuses to log anybody in.
    RefuseLogin,
}

/// How to start a server.
#[derive(Clone, Default)]
pub struct Options {
    /// What it does wrong at first.
    pub mode: Mode,
    /// Offer STARTTLS with these.
    pub starttls: Option<Arc<ServerConfig>>,
    /// TLS from the first byte with these.
    pub wrapped: Option<Arc<ServerConfig>>,
    /// Name and password that are wanted; nobody needs to log in without.
    pub login: Option<(String, String)>,
    /// Folder of accepted mails.
    pub folder: Option<PathBuf>,
    /// Seed of what is random.
    pub seed: u64,
    /// Called at steps of a session: `greeted`, `mail`, `rcpt`, `data`, `stored`, `replied`.
    pub hook: Option<Hook>,
}

/// Called at steps of a session.
pub type Hook = Arc<dyn Fn(&str) + Send + Sync>;

/// A running server; stops when dropped.
pub struct Sink {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// What the sessions of a server share.
struct Shared {
    options: Options,
    mode: Mutex<Mode>,
    accepted: Mutex<Vec<Mail>>,
    seen: Mutex<Vec<String>>,
    sessions: AtomicU64,
    random: AtomicU64,
}

impl Shared {
    fn mode(&self) -> Mode {
        lock(&self.mode).clone()
    }

    fn hook(&self, step: &str) {
        if let Some(hook) = &self.options.hook {
            hook(step);
        }
    }

    /// A number below a hundred; the same numbers for the same seed (SplitMix64).
    fn percent(&self) -> u64 {
        let mut z = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % 100
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sink {
    /// Starts a server on a free port of the loopback interface.
    pub async fn start(options: Options) -> io::Result<Self> {
        Self::start_at(options, 0).await
    }

    /// Starts a server on that port.
    pub async fn start_at(options: Options, port: u16) -> io::Result<Self> {
        if let Some(folder) = &options.folder {
            std::fs::create_dir_all(folder)?;
        }
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            mode: Mutex::new(options.mode.clone()),
            random: AtomicU64::new(options.seed),
            options,
            accepted: Mutex::default(),
            seen: Mutex::default(),
            sessions: AtomicU64::new(0),
        });
        let inner = shared.clone();
        let task = tokio::spawn(async move {
            // A connection that fails is the client's business.
            while let Ok((stream, _)) = listener.accept().await {
                inner.sessions.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(session::serve(stream, inner.clone()));
            }
        });
        Ok(Self { address, shared, task })
    }

    /// Stops listening; returns once nobody can connect any more.
    pub async fn close(&mut self) {
        self.task.abort();
        // Aborted, as it should be.
        let _ = (&mut self.task).await;
    }

    /// Changes what it does wrong, for the next command on.
    pub fn set_mode(&self, mode: Mode) {
        *lock(&self.shared.mode) = mode;
    }

    /// What it accepted, in order.
    pub fn accepted(&self) -> Vec<Mail> {
        lock(&self.shared.accepted).clone()
    }

    /// How many connections were made.
    pub fn sessions(&self) -> u64 {
        self.shared.sessions.load(Ordering::Relaxed)
    }

    /// `smtp://127.0.0.1:port`
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}
