//! The experiments.

use crate::company::{CUSTOMERS, Company};
use crate::random::Random;
use crate::worker::{kill, start};
use smtp_sink::{Hook, Mode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use tokio::task::{JoinError, JoinSet};

/// What came of an experiment.
#[derive(Debug, Default)]
pub struct Figures {
    pub alerts: usize,
    pub faults: usize,
    pub lost: usize,
    pub copies: usize,
    pub duplicates: usize,
}

impl Figures {
    fn take(&mut self, done: Option<Result<Figures, JoinError>>) {
        let Some(one) = done.map(|done| done.expect("a run")) else { return };
        self.alerts += one.alerts;
        self.faults += one.faults;
        self.lost += one.lost;
        self.copies += one.copies;
        self.duplicates += one.duplicates;
    }

    pub fn add(&mut self, company: &Company) {
        let (lost, copies, duplicates) = company.compare();
        self.alerts += CUSTOMERS;
        self.lost += lost;
        self.copies += copies;
        self.duplicates += duplicates;
    }
}

/// Steps of an evaluation at which it may die.
const EVALUATING: [&str; 6] = ["begun", "detected", "incidents", "outbox", "before commit", "committed"];
/// Steps of a delivery; at `stored` the server has the mail and the sender hears nothing any more.
const SENDING: [&str; 8] =
    ["claimed", "connected", "envelope", "data", "stored", "replied", "before mark", "marked"];

/// A server that kills a sender at the moment in which it has kept the mail and not answered.
struct Killer {
    victim: Arc<AtomicU32>,
    left: Arc<AtomicUsize>,
    kills: Arc<AtomicUsize>,
}

impl Killer {
    fn new() -> Self {
        Self { victim: Arc::default(), left: Arc::default(), kills: Arc::default() }
    }

    fn hook(&self) -> Hook {
        let (victim, left, kills) = (self.victim.clone(), self.left.clone(), self.kills.clone());
        Arc::new(move |step: &str| {
            let armed = left.load(Ordering::SeqCst) > 0;
            if step == "stored" && armed && left.fetch_sub(1, Ordering::SeqCst) == 1 {
                // The worker was started just before it was named here.
                while victim.load(Ordering::SeqCst) == 0 {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
                kill(victim.swap(0, Ordering::SeqCst));
                kills.fetch_add(1, Ordering::SeqCst);
            }
        })
    }
}

/// Starts a worker that dies at a random step; gives whether it did.
async fn dies(task: &str, company: &Company, killer: &Killer, hours: i64, random: &mut Random) -> bool {
    let step = *random.one_of(if task == "evaluate" { &EVALUATING[..] } else { &SENDING[..] });
    let times = if task == "evaluate" { 1 } else { 1 + random.below(CUSTOMERS) };
    let before = killer.kills.load(Ordering::SeqCst);
    killer.victim.store(0, Ordering::SeqCst);
    killer.left.store(if step == "stored" { times } else { 0 }, Ordering::SeqCst);
    let mut child = start(task, &company.url, &company.sink.url(), hours, step, times);
    killer.victim.store(child.id(), Ordering::SeqCst);
    let status =
        tokio::task::spawn_blocking(move || child.wait()).await.expect("a thread").expect("a status");
    killer.left.store(0, Ordering::SeqCst);
    !status.success() || killer.kills.load(Ordering::SeqCst) > before
}

/// Runs a worker to its end.
pub async fn ends(task: &str, company: &Company, hours: i64) {
    let mut child = start(task, &company.url, &company.sink.url(), hours, "never", 1);
    let status =
        tokio::task::spawn_blocking(move || child.wait()).await.expect("a thread").expect("a status");
    assert!(status.success(), "a worker that nobody killed failed: {status}");
}

/// Runs at one time.
const AT_ONCE: u64 = 4;

/// SIGKILL at every step; of several senders at once, one dies.
pub async fn kills(runs: u64, seed: u64, senders: usize) -> Figures {
    let mut figures = Figures::default();
    let mut running = JoinSet::new();
    for run in 0..runs {
        running.spawn(killed(run, seed * 1_000_003 + run, senders));
        if run >= AT_ONCE {
            figures.take(running.join_next().await);
        }
    }
    while let Some(done) = running.join_next().await {
        figures.take(Some(done));
    }
    figures
}

/// One run: an evaluation that may die, two that don't, senders that die, and two that don't.
async fn killed(run: u64, seed: u64, senders: usize) -> Figures {
    let mut figures = Figures::default();
    let mut random = Random::new(seed);
    let killer = Killer::new();
    let company = Company::new(Mode::Well, Some(killer.hook()), run).await;
    if random.below(10) < 6 && dies("evaluate", &company, &killer, 0, &mut random).await {
        figures.faults += 1;
    }
    ends("evaluate", &company, 0).await;
    ends("evaluate", &company, 0).await;
    for round in 0..=random.below(3) {
        let hours = i64::try_from(round).unwrap_or(0) + 1;
        let others: Vec<_> = (1..senders)
            .map(|_| start("send", &company.url, &company.sink.url(), hours, "never", 1))
            .collect();
        if dies("send", &company, &killer, hours, &mut random).await {
            figures.faults += 1;
        }
        for mut other in others {
            let status = tokio::task::spawn_blocking(move || other.wait()).await.expect("a thread");
            status.expect("a status");
        }
    }
    ends("send", &company, 10).await;
    ends("send", &company, 20).await;
    figures.add(&company);
    figures
}

/// Hours by which clocks are wrong.
const SKEW: i64 = 24;

/// Two evaluators and two senders at once, one's clock a day ahead and the other's a day behind, while one of
/// the senders dies and the mail server drops lines; then one sender whose clock jumps forth and back.
pub async fn skewed(runs: u64, seed: u64) -> Figures {
    let mut figures = Figures::default();
    for run in 0..runs {
        let mut random = Random::new(seed * 1_000_003 + run);
        let killer = Killer::new();
        let company = Company::new(Mode::DropAfterSome(20), Some(killer.hook()), run).await;
        tokio::join!(ends("evaluate", &company, SKEW), ends("evaluate", &company, -SKEW));
        for (mine, other) in [(SKEW, -SKEW), (-SKEW, SKEW), (SKEW, SKEW + 1)] {
            let mut beside = start("send", &company.url, &company.sink.url(), other, "never", 1);
            figures.faults += usize::from(dies("send", &company, &killer, mine, &mut random).await);
            let status = tokio::task::spawn_blocking(move || beside.wait()).await.expect("a thread");
            status.expect("a status");
        }
        for hours in [SKEW + 2, -SKEW, SKEW + 4, 0] {
            ends("send", &company, hours).await;
            figures.faults += 1;
        }
        company.sink.set_mode(Mode::Well);
        ends("send", &company, SKEW + 8).await;
        ends("send", &company, SKEW + 12).await;
        figures.add(&company);
    }
    figures
}

/// A server that keeps a mail and closes the line, three times of ten.
pub async fn drops(runs: u64, seed: u64) -> Figures {
    let mut figures = Figures::default();
    for run in 0..runs {
        let company = Company::new(Mode::DropAfterSome(30), None, seed * 1_000_003 + run).await;
        ends("evaluate", &company, 0).await;
        for hours in 1..12 {
            ends("send", &company, hours).await;
        }
        company.sink.set_mode(Mode::Well);
        ends("send", &company, 24).await;
        let (_, copies, _) = company.compare();
        figures.faults += copies;
        figures.add(&company);
    }
    figures
}

/// A server that refuses everybody once.
pub async fn greylisting(seed: u64) -> Figures {
    let mut figures = Figures::default();
    let company = Company::new(Mode::Greylist, None, seed).await;
    ends("evaluate", &company, 0).await;
    for hours in 0..4 {
        ends("send", &company, hours).await;
    }
    figures.faults = company.attempts("deferred").await;
    figures.add(&company);
    figures
}

/// Four senders at once, and nothing goes wrong.
pub async fn crowd(seed: u64) -> Figures {
    let mut figures = Figures::default();
    let company = Company::new(Mode::Well, None, seed).await;
    ends("evaluate", &company, 0).await;
    tokio::join!(
        ends("send", &company, 1),
        ends("send", &company, 1),
        ends("send", &company, 1),
        ends("send", &company, 1)
    );
    figures.add(&company);
    figures
}

/// The usual design under the same kills of its sender.
pub async fn naive(runs: u64, seed: u64) -> Figures {
    let mut figures = Figures::default();
    for run in 0..runs {
        let mut random = Random::new(seed * 1_000_003 + run);
        let killer = Killer::new();
        let company = Company::new(Mode::Well, Some(killer.hook()), run).await;
        company
            .sql("create table analytics.alerts as select distinct organization_id, false as sent from analytics.daily")
            .await;
        for _ in 0..=random.below(3) {
            if dies("naive", &company, &killer, 0, &mut random).await {
                figures.faults += 1;
            }
        }
        ends("naive", &company, 0).await;
        figures.add(&company);
    }
    figures
}
