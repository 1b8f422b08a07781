//! The pipeline killed at every part of its way: the next run completes, nothing is lost or doubled, and who reads
//! the tables meanwhile never notices.

use crate::scene::{Scene, ended};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Kills of each drop, spread evenly over the time that a whole run takes.
const KILLS: u32 = 5;

/// Whoever looks at the tables while they are built.
struct Reader {
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<u32>,
}

impl Reader {
    async fn start(scene: &Scene) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, warehouse) = (stop.clone(), scene.database.connect().await.expect("connects"));
        let task = tokio::spawn(async move {
            let session = warehouse.get().await.expect("a session");
            let mut reads = 0;
            while !stopped.load(Ordering::Acquire) {
                let sql = "select (select count(*) from analytics.dim_organizations) \
                           , (select count(*) from raw.raw_invoices) \
                           , (select min(n) from (select count(*) as n from analytics.fact_organization_daily_metrics \
                              group by recorded_date) as days)";
                let rows =
                    session.query(sql, &[]).await.expect("a reader sees the old tables or the new ones");
                let counts: [i64; 3] = [0, 1, 2].map(|at| warehouse::get(&rows[0], at).expect("a count"));
                assert_eq!(counts, [2, 2, 2], "and all of them");
                reads += 1;
                tokio::time::sleep(Duration::from_millis(4)).await;
            }
            reads
        });
        Self { stop, task }
    }

    async fn end(self) -> u32 {
        self.stop.store(true, Ordering::Release);
        self.task.await.expect("the reader saw nothing wrong")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipeline_killed_anywhere_is_completed_by_the_next_one() {
    let days = [("2026-11-20", "100"), ("2026-11-21", "180"), ("2026-11-22", "60")];
    let (calm, stormy) = tokio::join!(Scene::new(), Scene::new());
    let mut whole = Duration::ZERO;
    for (date, balance) in days {
        calm.drop_of(date, balance);
        let began = Instant::now();
        ended(&calm.pipeline(), 0);
        whole = began.elapsed();
    }
    stormy.drop_of(days[0].0, days[0].1);
    ended(&stormy.pipeline(), 0);
    let reader = Reader::start(&stormy).await;
    let mut interrupted = 0;
    for (date, balance) in &days[1..] {
        stormy.drop_of(date, balance);
        for kill in 1..=KILLS {
            let mut running =
                stormy.command().stdout(std::process::Stdio::null()).spawn().expect("dp starts");
            tokio::time::sleep(whole * kill / (KILLS + 1)).await;
            // SIGKILL: no handler, no goodbye.
            running.kill().expect("it is ours");
            interrupted += u32::from(running.wait().expect("it ended").code().is_none());
        }
        ended(&stormy.pipeline(), 0);
    }
    assert!(reader.end().await > 0);
    assert!(interrupted > KILLS / 2, "kills that came in time: {interrupted}");
    assert_eq!(stormy.subjects(), calm.subjects(), "every change is told, and once");
    assert_eq!(stormy.subjects().len(), 2);
    assert_eq!(stormy.balance().await, calm.balance().await);
    assert_eq!(stormy.loads().await, calm.loads().await, "no row is lost or doubled");
}
